<?php
/**
 * Webhooks of payment gateways: their bytes are handed to the sidecar as they came, so that a site needs no new public
 * port. Nothing of them is read, kept or logged here.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** A gateway's event is a few kilobytes; so many bytes are taken at most. */
const WEBHOOK_MAX_BYTES = 1048576;

/** The sidecar only verifies and stores. */
const WEBHOOK_TIMEOUT_MS = 5000;

/** On `rest_api_init`. */
function register_webhooks_route(): void {
	register_rest_route(
		'gatepost/v1',
		'/webhooks/(?P<gateway>[a-z]{1,20})',
		array(
			'methods'             => 'POST',
			'permission_callback' => 'Gatepost\may_send_webhooks',
			'callback'            => 'Gatepost\receive_webhook',
		)
	);
}

/** Anybody: a gateway has no account here. Whether it is the gateway says its signature, which the sidecar checks. */
function may_send_webhooks(): bool {
	return true;
}

/** Hand a webhook on. The gateway repeats what was answered 503; a gateway that is none here is told so. */
function receive_webhook( \WP_REST_Request $request ) {
	$signature = (string) $request->get_header( 'Stripe-Signature' );
	if ( '' === $signature ) {
		return refusal( 400, 'unsigned', __( 'A signature header is missing.', 'gatepost' ) );
	}
	if ( strlen( $request->get_body() ) > WEBHOOK_MAX_BYTES ) {
		return refusal( 413, 'too_large', __( 'The body is too large.', 'gatepost' ) );
	}
	$result = exchange(
		'/bridge/v1/webhooks/' . $request->get_url_params()['gateway'], // Not what the body may call so.
		array(
			'body'      => base64_encode( $request->get_body() ),
			'signature' => $signature,
		),
		WEBHOOK_TIMEOUT_MS
	);
	return webhook_response( $result );
}

/** Only what the sidecar says it has stored is acknowledged; a right answer without that word is none. */
function webhook_response( array $result ) {
	if ( true === ( $result['answer']['stored'] ?? null ) ) {
		return new \WP_REST_Response( array( 'stored' => true ) );
	}
	if ( 400 === $result['status'] ) {
		return refusal( 400, 'bad_signature', __( 'The signature is wrong.', 'gatepost' ) );
	}
	if ( 404 === $result['status'] ) {
		return refusal( 404, 'no_gateway', __( 'There is no such gateway here.', 'gatepost' ) );
	}
	$response = new \WP_REST_Response( array( 'stored' => false ), 503 );
	$response->header( 'Retry-After', (string) RETRY_AFTER_SECONDS );
	return $response;
}
