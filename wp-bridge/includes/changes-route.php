<?php
/**
 * The sidecar's own way in: POST /gatepost/v1/changes, signed like everything else, answered signed.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const CHANGES_ROUTE = '/gatepost/v1/changes';

/** On `rest_api_init`. */
function register_changes_route(): void {
	register_rest_route(
		'gatepost/v1',
		'/changes',
		array(
			'methods'             => 'POST',
			'permission_callback' => 'Gatepost\may_send_changes',
			'callback'            => 'Gatepost\receive_changes',
		)
	);
}

/** Whether the request is the sidecar's: true, or the refusal. */
function may_send_changes( \WP_REST_Request $request ) {
	$pairing = pairing();
	if ( null === $pairing ) {
		return refusal( 503, 'no_secret', __( 'This site is not paired.', 'gatepost' ) );
	}
	$time = (string) $request->get_header( 'X-Gatepost-Time' );
	$site = (string) $request->get_header( 'X-Gatepost-Site' );
	if ( '' === $time || '' === $site || ! is_id( (string) $request->get_header( 'X-Gatepost-Id' ) ) || '' === (string) $request->get_header( 'X-Gatepost-Signature' ) ) {
		return refusal( 401, 'unsigned', __( 'A signature header is missing.', 'gatepost' ) );
	}
	if ( strlen( $request->get_body() ) > MAX_BODY_BYTES ) {
		return refusal( 413, 'too_large', __( 'The body is too large.', 'gatepost' ) );
	}
	if ( ! is_believed( $request, $pairing ) ) {
		return refusal( 401, 'bad_signature', __( 'The signature is wrong.', 'gatepost' ) );
	}
	if ( ! ctype_digit( $time ) || abs( time() - (int) $time ) > TIME_WINDOW_SECONDS ) {
		return refusal( 401, 'stale', __( 'The time is more than five minutes off.', 'gatepost' ) );
	}
	if ( untrailingslashit( $site ) !== this_site() ) {
		return refusal( 403, 'other_site', __( 'This is not the site that was paired.', 'gatepost' ) );
	}
	return true;
}

/** Apply the changes. A request that arrives twice is answered twice and applied once. */
function receive_changes( \WP_REST_Request $request ) {
	$key    = 'changes-' . $request->get_header( 'X-Gatepost-Id' );
	$result = memory()->recall( $key );
	if ( is_array( $result ) ) {
		return changes_response( $result );
	}
	$body = json_decode( $request->get_body(), true );
	if ( ! is_array( $body['changes'] ?? null ) ) {
		return refusal( 400, 'bad_request', __( 'The field changes is missing.', 'gatepost' ) );
	}
	$result = apply_changes( $body['changes'] );
	memory()->remember( $key, $result, 2 * TIME_WINDOW_SECONDS );
	return changes_response( $result );
}

function changes_response( array $result ): \WP_REST_Response {
	$answer = array(
		'done'   => $result['done'],
		'failed' => (object) $result['failed'],
	);
	if ( ! empty( $result['made'] ) ) {
		$answer['made'] = (object) $result['made'];
	}
	return new \WP_REST_Response( $answer );
}

function refusal( int $status, string $error, string $message ): \WP_Error {
	return new \WP_Error( $error, $message, array( 'status' => $status ) );
}

/**
 * Filter `rest_pre_serve_request`: print our route's answer ourselves, because it is signed over its bytes.
 *
 * Refusals get the protocol's shape. They are signed only where the request was believed.
 */
function serve_signed_answer( $served, $response, $request, $server ) {
	if ( $served || ! $request instanceof \WP_REST_Request || CHANGES_ROUTE !== untrailingslashit( $request->get_route() ) ) {
		return $served;
	}
	$data = $response->get_data();
	if ( $response->is_error() ) {
		$data = array(
			'error'   => $data['code'] ?? 'bad_request',
			'message' => $data['message'] ?? '',
		);
	}
	$body    = (string) wp_json_encode( $data );
	$pairing = pairing();
	if ( null !== $pairing && ! in_array( $response->get_status(), array( 401, 413, 503 ), true ) && is_believed( $request, $pairing ) ) {
		$id = (string) $request->get_header( 'X-Gatepost-Id' );
		$server->send_header( 'X-Gatepost-Id', $id );
		$server->send_header( 'X-Gatepost-Signature', sign_answer( $pairing['secret'], $id, $response->get_status(), $body ) );
	}
	echo $body; // phpcs:ignore WordPress.Security.EscapeOutput -- JSON, sent as application/json.
	return true;
}

/** Whether the request's signature holds, whatever else is wrong with it: only then may an answer be signed. */
function is_believed( \WP_REST_Request $request, array $pairing ): bool {
	$right = sign_request(
		$pairing['secret'],
		'POST',
		CHANGES_ROUTE,
		(string) $request->get_header( 'X-Gatepost-Time' ),
		(string) $request->get_header( 'X-Gatepost-Id' ),
		(string) $request->get_header( 'X-Gatepost-Site' ),
		$request->get_body()
	);
	return 'POST' === $request->get_method() && hash_equals( $right, (string) $request->get_header( 'X-Gatepost-Signature' ) );
}
