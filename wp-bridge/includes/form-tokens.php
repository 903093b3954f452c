<?php
/**
 * What a form is sent with: WordPress's nonce for who is signed in, a token that counts once for a visitor.
 *
 * A token carries its own age and signature, so that giving one out keeps nothing; only that it was used is remembered,
 * for as long as it would live. It belongs to one form and to one browser session: a cookie that goes to the forms' own
 * routes and nowhere else, so that page caches never meet it.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** How long a token lives, and a user is remembered whom a browser session has made. */
const FORM_TOKEN_SECONDS = 7200;

/** So many tokens a minute one address gets. */
const FORM_TOKENS_A_MINUTE = 30;

/** The same where proxies say that it was somebody behind them: whoever writes that header gets no more than this. */
const FORM_TOKENS_A_MINUTE_BY_PROXY = 600;

const FORM_SESSION_COOKIE = 'gatepost_form';

/** Answer POST forms/token: what the next submit of this form needs. */
function give_form_token( \WP_REST_Request $request ): \WP_REST_Response {
	$form    = $request->get_param( 'form' );
	$user_id = cookie_user_id();
	if ( ! $request->is_json_content_type() || ! in_array( $form, FORMS, true ) ) {
		return refused_form( 400, __( 'There is no such form.', 'gatepost' ) );
	}
	if ( 0 !== $user_id && ! is_sent_by_own_page() ) { // A nonce is worth his whole account.
		return refused_form( 403, __( 'This form belongs to another site.', 'gatepost' ) );
	}
	if ( 0 === $user_id && ! may_get_form_token() ) {
		$response = refused_form( 429, __( 'That was too often. Please wait a minute and try again.', 'gatepost' ) );
		$response->header( 'Retry-After', (string) MINUTE_IN_SECONDS );
		return $response;
	}
	return uncached_response(
		array(
			'token'     => 0 === $user_id ? new_form_token( $form ) : '',
			'nonce'     => 0 === $user_id ? '' : nonce_for( $user_id ),
			'signed_in' => 0 !== $user_id,
		)
	);
}

/** Whose login cookie came along, 0 for nobody's. WordPress forgets it in REST when no nonce came with it. */
function cookie_user_id(): int {
	return (int) wp_validate_auth_cookie( '', 'logged_in' );
}

function nonce_for( int $user_id ): string {
	$before = get_current_user_id();
	wp_set_current_user( $user_id );
	$nonce = wp_create_nonce( 'wp_rest' );
	wp_set_current_user( $before );
	return $nonce;
}

/**
 * Whether this visitor's address has not had too many in this minute. What its connection got in all counts first:
 * whoever makes up the header runs into that, and fills no memory with addresses.
 */
function may_get_form_token(): bool {
	$address = counted_address( client_ip() );
	$proxied = counted_address( last_forwarded_for() );
	return count_this_minute( "{$address} in all" ) <= FORM_TOKENS_A_MINUTE_BY_PROXY
		&& count_this_minute( "{$address} {$proxied}" ) <= FORM_TOKENS_A_MINUTE;
}

/** The address that is counted: of IPv6 the network, since one household has 2^64 addresses. */
function counted_address( string $address ): string {
	$bytes = filter_var( $address, FILTER_VALIDATE_IP, FILTER_FLAG_IPV6 ) ? (string) inet_pton( $address ) : '';
	return '' === $bytes || 0 === strpos( $bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff" ) ? $address : inet_ntop( substr( $bytes, 0, 8 ) . str_repeat( "\0", 8 ) ) . '/64';
}

function count_this_minute( string $whose ): int {
	$minute = intdiv( time(), MINUTE_IN_SECONDS );
	return memory( 'forms' )->count( 'tokens-' . hash( 'sha256', "{$whose} {$minute}" ), 2 * MINUTE_IN_SECONDS );
}

/** The address that the nearest proxy has added; '' when there is none. */
function last_forwarded_for(): string {
	$addresses = explode( ',', forwarded_for() );
	return trim( (string) end( $addresses ) );
}

function new_form_token( string $form ): string {
	$session = form_session();
	if ( '' === $session ) {
		$session = start_form_session();
	}
	$id      = new_id();
	$expires = (string) ( time() + FORM_TOKEN_SECONDS );
	return implode( '-', array( $id, $expires, form_token_mac( $form, $id, $expires, $session ) ) );
}

function form_token_mac( string $form, string $id, string $expires, string $session ): string {
	return hash_hmac( 'sha256', implode( "\n", array( 'gatepost-form', $form, $id, $expires, $session ) ), wp_salt( 'nonce' ) );
}

/** The token's id when it is this browser session's for this form and has not run out, used or not; else ''. */
function form_token_id( string $form, string $token ): string {
	if ( '' === form_session() || 1 !== preg_match( '/\A([0-9a-f]{32})-([0-9]{1,12})-([0-9a-f]{64})\z/', $token, $parts ) ) {
		return '';
	}
	$right = form_token_mac( $form, $parts[1], $parts[2], form_session() );
	return hash_equals( $right, $parts[3] ) && (int) $parts[2] > time() ? $parts[1] : '';
}

/** Use a token; false when it is used already, or is being used at this moment. */
function use_form_token( string $id ): bool {
	return memory( 'forms' )->claim( "used-{$id}", FORM_TOKEN_SECONDS );
}

/** The submit was not processed: the same token may come again. */
function give_back_form_token( string $id ): void {
	memory( 'forms' )->drop( "used-{$id}" );
}

/** The browser session of this request as its cookie names it; '' for none. */
function form_session(): string {
	$session = $_COOKIE[ FORM_SESSION_COOKIE ] ?? '';
	return is_string( $session ) && is_id( $session ) ? $session : '';
}

function start_form_session(): string {
	$session = new_id();
	setcookie(
		FORM_SESSION_COOKIE,
		$session,
		array(
			'path'     => (string) wp_parse_url( rest_url( 'gatepost/v1/forms' ), PHP_URL_PATH ),
			'secure'   => is_ssl(),
			'httponly' => true,
			'samesite' => 'Lax',
		)
	);
	return $session;
}
