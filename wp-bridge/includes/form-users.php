<?php
/**
 * Users that a form makes, and signs in: by WordPress's own functions, and only within the browser session that filled
 * in the form.
 *
 * Nobody has shown yet that the address is his. So WordPress's mail goes there whatever was filled in, and a password
 * that was chosen counts only from the payment on. Who made a user is remembered once and never for longer.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const PASSWORD_MIN_CHARACTERS = 8;

/** A user whom a form has made has this in his meta until he signs in: a hash of the password that nobody knows. */
const MADE_BY_FORM = 'gatepost_made_by_form';

/**
 * The user for an answer that says `need_user`: one that this browser session has made, else a new one.
 *
 * @param mixed $wanted The answer's `data.user`.
 * @return int|array The id, or sentences by field.
 */
function user_for_form( $wanted, array $fields ) {
	$wanted  = array_filter( is_array( $wanted ) ? $wanted : array(), 'is_string' ) + array_fill_keys( array( 'email', 'login', 'first_name', 'last_name' ), '' );
	$user_id = made_user_id( $wanted['email'] );
	if ( 0 !== $user_id ) {
		return $user_id;
	}
	$errors = user_errors( $wanted, $fields );
	return array() === $errors ? made_user( $wanted, $fields ) : $errors;
}

/** What is wrong with a wanted user: sentences by field. Of others' accounts they say what WordPress's own registration says. */
function user_errors( array $wanted, array $fields ): array {
	$errors = array();
	if ( ! is_email( $wanted['email'] ) ) {
		$errors['email'] = __( 'Please enter a valid e-mail address.', 'gatepost' );
	} elseif ( email_exists( $wanted['email'] ) ) {
		$errors['email'] = __( 'There is an account with this e-mail address already. Please sign in first.', 'gatepost' );
	}
	if ( '' !== ( $fields['login'] ?? '' ) && ! is_free_login( $wanted['login'] ) ) {
		$errors['login'] = __( 'This user name cannot be used. Please choose another one.', 'gatepost' );
	}
	if ( isset( $fields['password'] ) && mb_strlen( trim( $fields['password'] ) ) < PASSWORD_MIN_CHARACTERS ) {
		/* translators: %s: a number */
		$errors['password'] = sprintf( __( 'Please choose a password of at least %s characters.', 'gatepost' ), number_format_i18n( PASSWORD_MIN_CHARACTERS ) );
	}
	return $errors;
}

function is_free_login( string $login ): bool {
	$illegal = array_map( 'strtolower', (array) apply_filters( 'illegal_user_logins', array() ) );
	return '' !== $login && mb_strlen( $login ) <= 60 && validate_username( $login ) && ! username_exists( $login ) && ! in_array( strtolower( $login ), $illegal, true );
}

/** Make the user; his id, or a sentence by field. WordPress's mail lets whoever owns the address set a password. */
function made_user( array $wanted, array $fields ) {
	$made = wp_insert_user(
		wp_slash(
			array(
				'user_login' => free_login( $wanted ),
				'user_pass'  => wp_generate_password( 24 ),
				'user_email' => $wanted['email'],
				'first_name' => sanitize_text_field( $wanted['first_name'] ),
				'last_name'  => sanitize_text_field( $wanted['last_name'] ),
				'role'       => role_for_new_users(),
			)
		)
	);
	if ( is_wp_error( $made ) ) {
		return array( 'email' => wp_strip_all_tags( $made->get_error_message() ) );
	}
	remember_made_user( $made, $fields['password'] ?? '' );
	after_response( 'wp_new_user_notification', array( $made, null, 'user' ) );
	return $made;
}

/** The wanted user name where it is free, else one like it; without any, one made of the e-mail address. */
function free_login( array $wanted ): string {
	$base = '' === $wanted['login'] ? strstr( $wanted['email'], '@', true ) : $wanted['login'];
	$base = mb_substr( sanitize_user( (string) $base, true ), 0, 50 );
	$base = '' === $base ? 'member' : $base;
	$name = $base;
	for ( $number = 2; $number < 100 && ! is_free_login( $name ); $number++ ) {
		$name = $base . ( $number < 50 ? $number : wp_rand( 100000, 999999999 ) );
	}
	return $name;
}

/** The site's own role for new users, never an administrative one. */
function role_for_new_users(): string {
	$role = (string) get_option( 'default_role' );
	return wp_roles()->is_role( $role ) && ! is_administrative_role( $role ) ? $role : 'subscriber';
}

/** Once, when he is made: who he is, since when, and the password that was chosen, hashed as WordPress does. */
function remember_made_user( int $user_id, string $chosen ): void {
	$record = array(
		'user'     => $user_id,
		'at'       => time(),
		'password' => password_mark( $user_id ),
		'chosen'   => '' === $chosen ? '' : wp_hash_password( wp_slash( $chosen ) ), // wp-login.php compares it slashed.
	);
	add_user_meta( $user_id, MADE_BY_FORM, $record['password'], true );
	memory( 'forms' )->remember( made_key(), $record, FORM_TOKEN_SECONDS );
}

/** Who reads the memory cannot take a session over. */
function made_key(): string {
	return 'made-' . hash( 'sha256', form_session() );
}

/** By this one sees that somebody has given the user another password. */
function password_mark( int $user_id ): string {
	$user = get_userdata( $user_id );
	return hash( 'sha256', $user ? $user->user_pass : '' );
}

/** What is remembered of the user whom this browser session has made; empty when it is too long ago, or he is somebody's by now. */
function made_record(): array {
	$record = '' === form_session() ? null : memory( 'forms' )->recall( made_key() );
	$holds  = is_array( $record ) && time() < $record['at'] + FORM_TOKEN_SECONDS && hash_equals( $record['password'], password_mark( $record['user'] ) );
	return $holds ? $record : array();
}

/** The user whom this browser session has made; 0 for none, or one with another address than that of the form, if it asks for one. */
function made_user_id( ?string $email ): int {
	$user = get_userdata( made_record()['user'] ?? 0 );
	return $user && ( null === $email || strtolower( $email ) === strtolower( $user->user_email ) ) ? $user->ID : 0;
}

/**
 * Sign in whom the sidecar names, now that he has paid: once, and only a user whom this browser session has made and who
 * rules nothing. From now on he has the password that he chose.
 */
function sign_in_made_user( int $user_id ): void {
	$record = made_record();
	if ( ( $record['user'] ?? 0 ) !== $user_id || is_administrative_user( $user_id ) ) {
		return;
	}
	memory( 'forms' )->drop( made_key() );
	if ( '' !== $record['chosen'] ) {
		set_hashed_password( $user_id, $record['chosen'] );
	}
	wp_set_auth_cookie( $user_id );
	queue_event( an_event( 'login', $user_id, array() ) );
}

/** As wp_set_password() does it, which takes no hash. The mail's link stays good: the address is its owner's. */
function set_hashed_password( int $user_id, string $hash ): void {
	global $wpdb;
	$wpdb->update( $wpdb->users, array( 'user_pass' => $hash ), array( 'ID' => $user_id ) );
	clean_user_cache( $user_id );
}

/** On `set_logged_in_cookie`: whoever has signed in is somebody, and is never forgotten. */
function note_first_sign_in( $cookie, $expire, $expiration, $user_id ): void {
	delete_user_meta( (int) $user_id, MADE_BY_FORM );
}

/**
 * Delete a user whom a checkout has made that nobody has paid: who never signed in, set no password, owns nothing and is
 * no more than a new user. Anybody else is left alone, and so is the change done.
 */
function change_forget_user( array $change ): string {
	$user_id = (int) ( $change['user'] ?? 0 );
	if ( is_nobody_yet( $user_id ) ) {
		require_once ABSPATH . 'wp-admin/includes/user.php';
		wp_delete_user( $user_id );
	}
	return '';
}

function is_nobody_yet( int $user_id ): bool {
	$user = get_userdata( $user_id );
	return $user
		&& get_user_meta( $user_id, MADE_BY_FORM, true ) === password_mark( $user_id )
		&& array( role_for_new_users() ) === array_values( $user->roles )
		&& ! is_administrative_user( $user_id )
		&& array() === \WP_Session_Tokens::get_instance( $user_id )->get_all()
		&& ! has_written( $user_id );
}

/** Whether posts of any kind and state, or comments, are his. */
function has_written( int $user_id ): bool {
	global $wpdb;
	return (bool) $wpdb->get_var( $wpdb->prepare( "SELECT EXISTS ( SELECT 1 FROM {$wpdb->posts} WHERE post_author = %d ) OR EXISTS ( SELECT 1 FROM {$wpdb->comments} WHERE user_id = %d )", $user_id, $user_id ) );
}

function is_administrative_user( int $user_id ): bool {
	$user = get_userdata( $user_id );
	return ! $user || is_super_admin( $user_id ) || array() !== array_intersect( array_keys( array_filter( $user->allcaps ) ), ADMINISTRATIVE_CAPABILITIES );
}
