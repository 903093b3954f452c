<?php
/**
 * What a member changes of himself that is WordPress's: his names, and with his password his e-mail address.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const PROFILE_NAMES = array( 'first_name', 'last_name' );

/**
 * Change the signed-in viewer's own profile as the sidecar has answered, by WordPress's own function: it tells the old
 * address of a new one, and other plugins of all of it.
 *
 * @param array $wanted The answer's `profile`.
 * @return array Sentences by field; empty when it is done.
 */
function change_own_profile( array $wanted, array $fields ): array {
	$wanted  = array_filter( $wanted, 'is_string' );
	$changes = array_map( 'sanitize_text_field', array_intersect_key( $wanted, array_flip( PROFILE_NAMES ) ) );
	if ( isset( $wanted['email'] ) ) {
		$errors = new_email_errors( wp_get_current_user(), $wanted['email'], $fields['password'] ?? '' );
		if ( array() !== $errors ) {
			return $errors;
		}
		$changes['user_email'] = $wanted['email'];
	}
	if ( array() === $changes ) {
		return array();
	}
	$done = wp_update_user( wp_slash( array( 'ID' => get_current_user_id() ) + $changes ) );
	return is_wp_error( $done ) ? array( 'email' => wp_strip_all_tags( $done->get_error_message() ) ) : array();
}

/** Whoever sits down before a signed-in browser does not take the account over by it, nor guess for long. */
function new_email_errors( \WP_User $user, string $email, string $password ): array {
	if ( ! may_try_to_sign_in( $user->user_login ) ) {
		return array( 'password' => __( 'That was tried too often. Please wait a quarter of an hour, then try again.', 'gatepost' ) );
	}
	if ( ! wp_check_password( wp_slash( $password ), $user->user_pass, $user->ID ) ) { // As wp-login.php has it.
		return array( 'password' => __( 'This password is wrong.', 'gatepost' ) );
	}
	memory( 'forms' )->drop( sign_in_key( $user->user_login ) );
	$owner = email_exists( $email );
	if ( ! is_email( $email ) || ( $owner && (int) $owner !== $user->ID ) ) {
		return array( 'email' => __( 'This e-mail address cannot be used. Please choose another one.', 'gatepost' ) );
	}
	return array();
}
