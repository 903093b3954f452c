<?php
/**
 * Where the sidecar is and which secret both sides hold.
 *
 * Constants first, then a file, then a row of the options table that is read by direct SQL: a row written by SQL
 * stays unseen behind an object cache, and get_option() would put the secret into that cache.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Whether calls to the sidecar can be made at all. May cost one query, once per request. */
function is_paired(): bool {
	return null !== pairing();
}

/**
 * The pairing in force, or null: array( 'address' =>, 'secret' =>, 'site' => '' when unknown, 'source' => ).
 *
 * Null too when the pairing was made for another address of the site: this is a clone.
 */
function pairing(): ?array {
	$found = found_pairing();
	if ( null === $found || '' !== pairing_fault( $found ) ) {
		return null;
	}
	return $found;
}

/** The pairing as it was found, valid or not; null when there is none. Remembered for the request. */
function found_pairing(): ?array {
	static $memo = array();
	$blog = get_current_blog_id();
	if ( ! array_key_exists( $blog, $memo ) ) {
		$memo[ $blog ] = pairing_from_constants() ?? pairing_from_file() ?? pairing_from_row();
	}
	return $memo[ $blog ];
}

/** What is wrong with a pairing: '', 'no_curl', 'bad_address', 'bad_secret' or 'other_site'. */
function pairing_fault( array $pairing ): string {
	if ( ! function_exists( 'curl_init' ) || ! defined( 'CURLOPT_UNIX_SOCKET_PATH' ) ) {
		return 'no_curl';
	}
	if ( ! is_address( $pairing['address'] ) ) {
		return 'bad_address';
	}
	if ( 1 !== preg_match( '/\A[0-9a-fA-F]{64}\z/', $pairing['secret'] ) ) {
		return 'bad_secret';
	}
	if ( '' !== $pairing['site'] && untrailingslashit( $pairing['site'] ) !== this_site() ) {
		return 'other_site';
	}
	return '';
}

/** A unix socket, or TCP on this machine: what is said travels unencrypted. */
function is_address( string $address ): bool {
	return 1 === preg_match( '#\A(unix:/[^\0]{1,107}|http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}/?)\z#', $address );
}

/** The site's address as both sides sign it. */
function this_site(): string {
	return untrailingslashit( (string) get_option( 'home' ) );
}

function pairing_from_constants(): ?array {
	if ( ! defined( 'GATEPOST_ADDRESS' ) || ! defined( 'GATEPOST_SECRET' ) ) {
		return null;
	}
	return a_pairing( array( 'address' => GATEPOST_ADDRESS, 'secret' => GATEPOST_SECRET ), 'constants' );
}

function pairing_file(): string {
	return WP_CONTENT_DIR . '/gatepost-pairing.php';
}

function pairing_from_file(): ?array {
	if ( ! is_readable( pairing_file() ) ) {
		return null;
	}
	try {
		$found = include pairing_file();
	} catch ( \Throwable $error ) { // Somebody edited it by hand.
		$found = null;
	}
	return a_pairing( $found, 'file' );
}

function pairing_from_row(): ?array {
	global $wpdb;
	$shown = $wpdb->suppress_errors();
	$value = $wpdb->get_var( "SELECT option_value FROM {$wpdb->options} WHERE option_name = 'gatepost_pairing'" );
	$wpdb->suppress_errors( $shown );
	if ( null === $value ) {
		return null;
	}
	return a_pairing( is_serialized( $value ) ? unserialize( $value, array( 'allowed_classes' => false ) ) : null, 'row' );
}

/** Give what was found its shape; a thing of another shape becomes a pairing with nothing in it, which is refused. */
function a_pairing( $found, string $source ): array {
	$pairing = array( 'source' => $source );
	foreach ( array( 'address', 'secret', 'site' ) as $key ) {
		$value           = is_array( $found ) ? ( $found[ $key ] ?? '' ) : '';
		$pairing[ $key ] = is_string( $value ) ? $value : '';
	}
	return $pairing;
}
