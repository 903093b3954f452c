<?php
/**
 * Forms that the sidecar renders into pages: taken from the browser, handed on, answered.
 *
 * Those by which somebody signs in stay here (form-signing-in.php). Who sends one is the viewer that WordPress knows, by cookie and nonce; a visitor has a token (form-tokens.php).
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const FORMS = array( 'checkout', 'myaccount', 'custom', 'login', 'forgotPassword', 'resetPassword', 'cancel', 'withdraw' );

/** So many bytes a submit has at most. */
const FORM_MAX_BYTES = 65536;

/** The sidecar may have to ask the gateway; its own limits are shorter. */
const FORM_TIMEOUT_MS = 20000;

/** On `rest_api_init`. */
function register_form_routes(): void {
	$routes = array(
		'/forms/token'                                   => 'Gatepost\give_form_token',
		'/forms/(?P<form>' . implode( '|', FORMS ) . ')' => 'Gatepost\receive_form',
	);
	foreach ( $routes as $route => $callback ) {
		register_rest_route(
			'gatepost/v1',
			$route,
			array(
				'methods'             => 'POST',
				'permission_callback' => 'Gatepost\may_send_forms',
				'callback'            => $callback,
			)
		);
	}
}

/**
 * Anybody whose browser shows a page of this site: who buys is no user yet. WordPress lets pages of other sites read
 * what REST answers, so these are refused here; what is no browser names no origin. And it takes a GET for a POST that
 * says so in its address: only what the web server saw as a POST is one.
 */
function may_send_forms() {
	$origin = get_http_origin();
	if ( 'POST' !== ( $_SERVER['REQUEST_METHOD'] ?? '' ) ) {
		return refusal( 405, 'no_post', __( 'This form could not be read.', 'gatepost' ) );
	}
	if ( '' === $origin || is_own_origin( $origin ) || is_allowed_http_origin( $origin ) ) {
		return true;
	}
	return refusal( 403, 'other_origin', __( 'This form belongs to another site.', 'gatepost' ) );
}

/** Whether the browser itself says that a page of this site has sent the request. */
function is_sent_by_own_page(): bool {
	return ( '' !== get_http_origin() && is_own_origin( get_http_origin() ) ) || 'same-origin' === request_header( 'HTTP_SEC_FETCH_SITE' );
}

/** Filter `rest_jsonp_enabled`: our answers are never a script that a page of another site could run. */
function forbid_jsonp( $is_enabled ) {
	$route = $GLOBALS['wp']->query_vars['rest_route'] ?? '';
	return is_string( $route ) && 0 === stripos( $route, '/gatepost/' ) ? false : $is_enabled;
}

function is_own_origin( string $origin ): bool {
	$host = strtolower( (string) preg_replace( '#\Ahttps?://#i', '', $origin ) );
	return $host === strtolower( request_header( 'HTTP_HOST' ) ) || 0 === strpos( this_site() . '/', "{$origin}/" );
}

/** Answer POST forms/{form}. */
function receive_form( \WP_REST_Request $request ): \WP_REST_Response {
	if ( strlen( $request->get_body() ) > FORM_MAX_BYTES ) {
		return refused_form( 413, __( 'That is too much text for this form.', 'gatepost' ) );
	}
	$sent = sent_form( $request );
	if ( null === $sent ) {
		return refused_form( 400, __( 'This form could not be read.', 'gatepost' ) );
	}
	if ( null !== viewer() ) {
		return form_response( is_signing_in( $sent ) ? answer_signed_in_already() : answered_form( $sent, '' ) );
	}
	return cookie_user_id() > 0
		? refused_form( 403, __( 'You are signed in, but this page does not know it. Please reload it and try again.', 'gatepost' ), 'token' )
		: receive_visitors_form( $sent );
}

/** The submit in its shape, the password apart; null for anything else. */
function sent_form( \WP_REST_Request $request ): ?array {
	$body   = json_decode( $request->get_body(), true );
	$fields = $body['fields'] ?? null;
	if ( ! $request->is_json_content_type() || ! is_string( $body['step'] ?? null ) || ! is_array( $fields ) || array_filter( $fields, 'is_string' ) !== $fields ) {
		return null;
	}
	return array(
		'form'   => $request->get_url_params()['form'], // Not what the body may call so.
		'step'   => $body['step'],
		'fields' => $fields,
		'token'  => is_string( $body['token'] ?? null ) ? $body['token'] : '',
	);
}

function is_signing_in( array $sent ): bool {
	return in_array( $sent['form'], SIGNING_IN_FORMS, true );
}

/** A token is used up by what the sidecar has processed; after an error the same submit may come again, corrected. */
function receive_visitors_form( array $sent ): \WP_REST_Response {
	$token_id = form_token_id( $sent['form'], $sent['token'] );
	if ( '' === $token_id || ! use_form_token( $token_id ) ) {
		return refused_form( 403, __( 'This form has been open for too long, or was sent before. Please try again.', 'gatepost' ), 'token' );
	}
	$result = is_signing_in( $sent ) ? answer_signing_in( $sent ) : answered_form( $sent, $token_id );
	if ( 'error' === ( $result['answer']['state'] ?? 'error' ) ) {
		give_back_form_token( $token_id );
	}
	return form_response( $result );
}

/** Ask the sidecar; where it needs a user, make him and ask once more. As exchange() returns it. */
function answered_form( array $sent, string $token_id ): array {
	$result = ask_about_form( $sent, '' === $token_id ? 0 : made_user_id( $sent['fields']['email'] ?? null ) );
	if ( 'need_user' === ( $result['answer']['state'] ?? '' ) && '' !== $token_id ) {
		$user   = user_for_form( $result['answer']['data']['user'] ?? null, $sent['fields'] );
		$result = is_int( $user ) ? ask_about_form( $sent, $user ) : a_form_error( $user );
	}
	if ( '' === $token_id && 'ok' === ( $result['answer']['state'] ?? '' ) && is_array( $result['answer']['profile'] ?? null ) ) {
		$errors = change_own_profile( $result['answer']['profile'], $sent['fields'] );
		$result = array() === $errors ? $result : a_form_error( $errors );
	}
	if ( '' !== $token_id && is_int( $result['answer']['sign_in'] ?? null ) ) {
		sign_in_made_user( $result['answer']['sign_in'] );
	}
	return $result;
}

function ask_about_form( array $sent, int $created_user ): array {
	$result = exchange( '/bridge/v1/form', form_call( $sent, $created_user ), FORM_TIMEOUT_MS );
	if ( ! empty( $result['answer']['changes'] ) && is_array( $result['answer']['changes'] ) ) {
		after_response( 'Gatepost\apply_answered_changes', array( $result['answer']['changes'] ) );
	}
	return $result;
}

/** The call's body. Passwords are WordPress's alone. */
function form_call( array $sent, int $created_user ): array {
	$page = page_of_the_form();
	return array(
		'form'         => $sent['form'],
		'step'         => $sent['step'],
		'fields'       => (object) without_passwords( $sent['fields'] ),
		'viewer'       => viewer(),
		'language'     => determine_locale(),
		'ip'           => client_ip(),
		'forwarded'    => forwarded_for(),
		'agent'        => request_header( 'HTTP_USER_AGENT' ),
		'url'          => $page['url'],
		'affid'        => $page['affid'],
		'sid'          => $page['sid'],
		'created_user' => 0 === $created_user ? null : $created_user,
	);
}

function without_passwords( array $fields ): array {
	return array_filter(
		$fields,
		static function ( $name ): bool {
			return 0 !== stripos( (string) $name, 'password' );
		},
		ARRAY_FILTER_USE_KEY
	);
}

/** The page of this site that the form stands in: its path, and who has sent the visitor, by its address or else by an earlier one. */
function page_of_the_form(): array {
	$referrer = request_header( 'HTTP_REFERER' );
	$parts    = 0 === strpos( $referrer, this_site() ) ? (array) wp_parse_url( $referrer ) : array();
	wp_parse_str( $parts['query'] ?? '', $query );
	$arrival   = isset( $query['affid'] ) ? $query : kept_arrival();
	$parameter = static function ( string $name ) use ( $arrival ): string {
		return is_string( $arrival[ $name ] ?? null ) ? substr( sanitize_text_field( $arrival[ $name ] ), 0, 200 ) : '';
	};
	return array(
		'url'   => $parts['path'] ?? '',
		'affid' => $parameter( 'affid' ),
		'sid'   => $parameter( 'sid' ),
	);
}

/** What the browser gets of a result. */
function form_response( array $result ): \WP_REST_Response {
	if ( 400 === $result['status'] ) {
		return refused_form( 400, __( 'This form could not be read.', 'gatepost' ) );
	}
	$answer = $result['answer'];
	if ( ! is_string( $answer['state'] ?? null ) || 'need_user' === $answer['state'] ) {
		$response = refused_form( 503, __( 'This cannot be done right now. Nothing that you have done is lost; please try again in a few minutes.', 'gatepost' ) );
		$response->header( 'Retry-After', (string) RETRY_AFTER_SECONDS );
		return $response;
	}
	return uncached_response( form_answer( $answer ) );
}

/** The part of an answer that is the browser's, in its shape. */
function form_answer( array $answer ): array {
	return array(
		'state'    => $answer['state'],
		'message'  => is_string( $answer['message'] ?? null ) ? $answer['message'] : '',
		'errors'   => (object) array_filter( (array) ( $answer['errors'] ?? array() ), 'is_string' ),
		'data'     => (object) (array) ( $answer['data'] ?? array() ),
		'redirect' => is_string( $answer['redirect'] ?? null ) ? esc_url_raw( $answer['redirect'], array( 'http', 'https' ) ) : '',
	);
}

/** What WordPress itself finds wrong with a submit, as the sidecar would have said it. */
function a_form_error( array $errors ): array {
	return array(
		'answer' => array(
			'state'  => 'error',
			'errors' => $errors,
		),
		'fault'  => '',
		'status' => 200,
	);
}

/** A refusal in the shape of an answer. State `token`: with a fresh token or nonce the same submit may be sent again. */
function refused_form( int $status, string $message, string $state = 'error' ): \WP_REST_Response {
	$answer = array(
		'state'   => $state,
		'message' => $message,
	);
	return uncached_response( form_answer( $answer ), $status );
}

function uncached_response( array $data, int $status = 200 ): \WP_REST_Response {
	return new \WP_REST_Response( $data, $status, array( 'Cache-Control' => 'private, no-store' ) );
}
