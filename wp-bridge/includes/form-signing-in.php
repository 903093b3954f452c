<?php
/**
 * Forms by which somebody signs in, asks for a link to choose a new password, and chooses it.
 *
 * WordPress's own functions do all of it, so that its hooks and those of other plugins see what they always see; nothing
 * that is typed here reaches the sidecar. What is answered says of nobody whether he has an account.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const SIGNING_IN_FORMS = array( 'login', 'forgotPassword', 'resetPassword' );

/** So often an address may try within a quarter of an hour, and for one name. */
const SIGN_IN_TRIES          = 60;
const SIGN_IN_TRIES_FOR_NAME = 10;
const SIGN_IN_TRY_SECONDS    = 900;

/** As many times as much a connection may try behind which proxies say that there are several. */
const SIGN_IN_BEHIND_ONE_ADDRESS = 20;

/** What WordPress says when name and password do not go together. */
const WRONG_CREDENTIALS = array( 'invalid_username', 'invalid_email', 'incorrect_password', 'invalidcombo', 'empty_username', 'empty_password', 'authentication_failed' );

/** The answer to one of these forms, as exchange() would return it. */
function answer_signing_in( array $sent ): array {
	if ( ! may_try_to_sign_in( $sent['fields']['login'] ?? '' ) ) {
		return a_form_answer( 'error', __( 'That was tried too often. Please wait a quarter of an hour, then try again.', 'gatepost' ) );
	}
	$answers = array(
		'login'          => 'Gatepost\answer_login',
		'forgotPassword' => 'Gatepost\answer_forgotten_password',
		'resetPassword'  => 'Gatepost\answer_new_password',
	);
	return $answers[ $sent['form'] ]( $sent['fields'] );
}

/** Whoever is signed in has nothing to do here. */
function answer_signed_in_already(): array {
	return a_form_answer( 'ok', '', home_url( '/' ) );
}

function a_form_answer( string $state, string $message, string $redirect = '' ): array {
	return array(
		'answer' => array(
			'state'    => $state,
			'message'  => $message,
			'redirect' => $redirect,
		),
		'fault'  => '',
		'status' => 200,
	);
}

// Signing in.

function answer_login( array $fields ): array {
	$user = wp_signon(
		array(
			'user_login'    => trim( $fields['login'] ?? '' ),
			'user_password' => wp_slash( $fields['password'] ?? '' ), // As wp-login.php has it.
			'remember'      => 'yes' === ( $fields['remember'] ?? '' ),
		)
	);
	if ( is_wp_error( $user ) ) {
		return a_form_answer( 'error', sign_in_refusal( $user ) );
	}
	memory( 'forms' )->drop( sign_in_key( $fields['login'] ) );
	return a_form_answer( 'ok', '', url_after_login( $fields['redirect_to'] ?? '', $user ) );
}

/** Whether it is the name or the password nobody is told; what else refuses somebody (a lock, another plugin) is said. */
function sign_in_refusal( \WP_Error $error ): string {
	$message = trim( wp_strip_all_tags( $error->get_error_message() ) );
	return '' === $message || array() !== array_intersect( $error->get_error_codes(), WRONG_CREDENTIALS )
		? __( 'The name or the password is wrong.', 'gatepost' )
		: $message;
}

/** Where he wanted to go, or where he lands; on this site alone. WordPress's own filter decides, as on its login page. */
function url_after_login( string $wanted, \WP_User $user ): string {
	$wanted = wp_validate_redirect( $wanted, '' );
	$url    = apply_filters( 'login_redirect', '' === $wanted ? home_url( '/' ) : $wanted, $wanted, $user ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
	return wp_validate_redirect( (string) $url, home_url( '/' ) );
}

/** Filter `login_redirect`: who has to pay lands where he can; whoever did not say where to go, where his level begins. */
function lead_after_login( $url, $requested = '', $user = null ) {
	$landing = $user instanceof \WP_User ? login_landing( $user->ID ) : array();
	if ( array() === $landing || ( ! $landing['always'] && '' !== (string) $requested ) ) {
		return $url;
	}
	return wp_validate_redirect( $landing['url'], (string) $url );
}

// A forgotten password.

/** The mail is sent after the answer: how long that takes would say whether there is an account. */
function answer_forgotten_password( array $fields ): array {
	$name = trim( $fields['login'] ?? '' );
	if ( '' === $name ) {
		return a_form_error( array( 'login' => __( 'Please enter your user name or your e-mail address.', 'gatepost' ) ) );
	}
	after_response( 'Gatepost\send_password_link', array( $name ) );
	return a_form_answer( 'ok', __( 'If there is an account of this name or address, a mail with a link is on its way. Please look into your inbox, and among the spam, too.', 'gatepost' ) );
}

function send_password_link( string $name ): void {
	retrieve_password( wp_slash( $name ) );
}

/**
 * Filter `retrieve_password_message`: WordPress's link leads to the owner's page for a new password, where there is one.
 * The key stands behind a `#`: it reaches no server, no log and no other site.
 */
function link_to_own_reset_page( $message, $key = '', $login = '' ) {
	$page = (int) ( index()['core_pages']['resetpassword'] ?? 0 );
	if ( 'publish' !== get_post_status( $page ) || '' === (string) $key ) {
		return $message;
	}
	$link = get_permalink( $page ) . '#gatepost-reset=' . rawurlencode( $key ) . '&login=' . rawurlencode( (string) $login );
	return (string) preg_replace( '~\S*wp-login\.php\?\S*' . preg_quote( $key, '~' ) . '\S*~', addcslashes( $link, '\\$' ), (string) $message );
}

// A new password.

function answer_new_password( array $fields ): array {
	$password = $fields['password'] ?? '';
	$errors   = password_errors( $password, $fields['password_again'] ?? $password );
	if ( array() !== $errors ) {
		return a_form_error( $errors );
	}
	$user = check_password_reset_key( $fields['password_key'] ?? '', $fields['login'] ?? '' );
	if ( is_wp_error( $user ) ) {
		return a_form_answer( 'error', __( 'This link does not count any more, or not here. Please ask for a new one and open it from the mail.', 'gatepost' ) );
	}
	$refusals = new \WP_Error();
	do_action( 'validate_password_reset', $refusals, $user ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
	if ( $refusals->has_errors() ) {
		return a_form_error( array( 'password' => wp_strip_all_tags( $refusals->get_error_message() ) ) );
	}
	reset_password( $user, wp_slash( $password ) ); // As wp-login.php has it.
	return a_form_answer( 'ok', __( 'Your new password is saved. You can log in with it now.', 'gatepost' ) );
}

function password_errors( string $password, string $again ): array {
	if ( mb_strlen( trim( $password ) ) < PASSWORD_MIN_CHARACTERS ) {
		/* translators: %s: a number */
		return array( 'password' => sprintf( __( 'Please choose a password of at least %s characters.', 'gatepost' ), number_format_i18n( PASSWORD_MIN_CHARACTERS ) ) );
	}
	return $password === $again ? array() : array( 'password_again' => __( 'The two passwords are not the same.', 'gatepost' ) );
}

// How often.

/** Whether this address has not tried too often, all in all and for this name. Of a header that anybody can make up the connection counts first. */
function may_try_to_sign_in( string $name ): bool {
	return count_sign_in_try( sign_in_key( null, true ) ) <= SIGN_IN_BEHIND_ONE_ADDRESS * SIGN_IN_TRIES
		&& count_sign_in_try( sign_in_key( null ) ) <= SIGN_IN_TRIES
		&& count_sign_in_try( sign_in_key( $name ) ) <= SIGN_IN_TRIES_FOR_NAME;
}

function count_sign_in_try( string $key ): int {
	return memory( 'forms' )->count( $key, SIGN_IN_TRY_SECONDS );
}

/** What is counted: an address alone (`$in_all`: its connection), or for one name. Who reads the memory learns no names. */
function sign_in_key( ?string $name, bool $in_all = false ): string {
	$whose   = counted_address( client_ip() ) . ' ' . ( $in_all ? 'in all' : counted_address( last_forwarded_for() ) );
	$quarter = intdiv( time(), SIGN_IN_TRY_SECONDS );
	return 'sign-in-' . hash( 'sha256', "{$whose} {$quarter} " . ( null === $name ? '' : 'as ' . mb_strtolower( trim( $name ) ) ) );
}
