<?php
/**
 * Ending a member's sessions.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Sign a user out everywhere: all tokens are destroyed, so that no old cookie is worth anything. */
function destroy_sessions( int $user_id ): void {
	\WP_Session_Tokens::get_instance( $user_id )->destroy_all();
}

/** End the sessions of the signed-in viewer within this request: the rest of it is a visitor's. */
function end_this_session(): void {
	$user_id = get_current_user_id();
	if ( 0 === $user_id || is_administrator( $user_id ) ) {
		return;
	}
	destroy_sessions( $user_id );
	if ( ! headers_sent() ) {
		wp_clear_auth_cookie();
	}
	wp_set_current_user( 0 );
	queue_event( an_event( 'logout', $user_id, array() ) );
}

/** Go to a page of this site with the reason in the URL, where there is a page to go from. */
function redirect_with_code( string $url, int $code ): void {
	if ( headers_sent() || wp_doing_ajax() || is_api_request() ) {
		return;
	}
	nocache_headers();
	$url = wp_validate_redirect( $url, wp_login_url() );
	wp_safe_redirect( $code > 0 ? add_query_arg( 'code', $code, $url ) : $url );
	exit;
}

function is_api_request(): bool {
	return ( defined( 'REST_REQUEST' ) && REST_REQUEST ) || ( defined( 'XMLRPC_REQUEST' ) && XMLRPC_REQUEST ) || wp_is_json_request();
}
