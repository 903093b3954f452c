<?php
/**
 * Who may be signed in: asked at password logins, for application passwords, and for cookies of an earlier day.
 *
 * When the sidecar cannot be asked, login is open to all. Administrators are never refused, nor asked about.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** For so long an old cookie that was allowed is not asked about again, outside pages whose call checks it anyway. */
const COOKIE_CHECK_SECONDS = 60;

/** Filter `authenticate`, after WordPress has accepted the credentials. */
function check_password_login( $user, $name = '', $password = '' ) {
	if ( ! $user instanceof \WP_User || '' === (string) $password ) {
		return $user; // Refused already, or wp-login.php greeting an old cookie.
	}
	$how     = did_action( 'application_password_did_authenticate' ) ? 'application' : 'password';
	$refusal = login_refusal( $user->ID, $how );
	return null === $refusal ? $user : $refusal;
}

/** On `wp_authenticate_application_password_errors`: refuse by adding to the errors. */
function check_application_password( $errors, $user = null ): void {
	if ( ! $errors instanceof \WP_Error || ! $user instanceof \WP_User ) {
		return;
	}
	$refusal = login_refusal( $user->ID, 'application' );
	if ( null !== $refusal ) {
		$errors->add( $refusal->get_error_code(), $refusal->get_error_message(), $refusal->get_error_data() );
		refused_application_password( $refusal );
	}
}

/** The refusal of this request's application password. */
function refused_application_password( ?\WP_Error $now = null ): ?\WP_Error {
	static $refusal = null;
	$refusal = $now ?? $refusal;
	return $refusal;
}

/** On `admin_init`: pages of the administration make no page call that would check the cookie. */
function check_old_cookie_in_admin(): void {
	$refusal = is_user_logged_in() ? old_cookie_refusal( get_current_user_id() ) : null;
	if ( null === $refusal ) {
		return;
	}
	end_this_session();
	if ( wp_doing_ajax() ) {
		wp_die( esc_html( $refusal->get_error_message() ), '', array( 'response' => 403 ) );
	}
	redirect_with_code( wp_login_url(), (int) $refusal->get_error_data()['code'] );
}

/**
 * Filter `rest_authentication_errors`, after WordPress has checked cookie and nonce.
 *
 * WordPress looks for a refused application password before anything has made it check one; so its reason is given here.
 */
function check_old_cookie_in_rest( $errors ) {
	if ( is_wp_error( $errors ) ) {
		return $errors;
	}
	if ( ! is_user_logged_in() || did_action( 'application_password_did_authenticate' ) ) {
		return refused_application_password() ?? $errors;
	}
	$refusal = old_cookie_refusal( get_current_user_id() );
	if ( null !== $refusal ) {
		end_this_session();
	}
	return null === $refusal ? $errors : $refusal;
}

/** After the response of a page that needed no call: the next click is a visitor's. */
function check_old_cookie_quietly( int $user_id ): void {
	if ( response_is_out() && null !== old_cookie_refusal( $user_id ) ) {
		destroy_sessions( $user_id );
	}
}

function old_cookie_refusal( int $user_id ): ?\WP_Error {
	if ( is_administrator( $user_id ) || ! memory()->claim( "cookie-{$user_id}", COOKIE_CHECK_SECONDS ) ) {
		return null;
	}
	$refusal = login_refusal( $user_id, 'cookie' );
	if ( null !== $refusal ) {
		memory()->drop( "cookie-{$user_id}" );
	}
	return $refusal;
}

/**
 * Ask whether a user may be signed in; once per user and request.
 *
 * @return \WP_Error|null The refusal, with the code of docs/protocol.md in its data; null when he may.
 */
function login_refusal( int $user_id, string $how ): ?\WP_Error {
	static $memo = array();
	if ( is_administrator( $user_id ) ) {
		return null;
	}
	if ( ! array_key_exists( $user_id, $memo ) ) {
		$memo[ $user_id ] = asked_login_refusal( $user_id, $how );
	}
	return $memo[ $user_id ];
}

function asked_login_refusal( int $user_id, string $how ): ?\WP_Error {
	$answer = ask(
		'/bridge/v1/login',
		array(
			'user'     => $user_id,
			'ip'       => client_ip(),
			'how'      => $how,
			'language' => determine_locale(),
		)
	);
	if ( false !== ( $answer['allow'] ?? true ) ) {
		login_landing( $user_id, $answer );
		return null;
	}
	destroy_sessions( $user_id );
	$message = is_string( $answer['message'] ?? null ) ? trim( $answer['message'] ) : '';
	return new \WP_Error(
		'gatepost_refused',
		'' === $message ? esc_html__( 'Your membership does not allow you to sign in.', 'gatepost' ) : esc_html( $message ),
		array(
			'status' => 403,
			'code'   => (int) ( $answer['code'] ?? 0 ),
		)
	);
}

/**
 * Where the user whose login was allowed in this request lands; empty where the sidecar has not said.
 *
 * @return array array( 'url' => string, 'always' => bool ).
 */
function login_landing( int $user_id, ?array $answer = null ): array {
	static $landings = array();
	if ( is_string( $answer['landing'] ?? null ) && '' !== $answer['landing'] ) {
		$landings[ $user_id ] = array(
			'url'    => $answer['landing'],
			'always' => true === ( $answer['must_land'] ?? false ),
		);
	}
	return $landings[ $user_id ] ?? array();
}
