<?php
/**
 * Who is looking, and from where: what WordPress knows of the request.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** So much of a header is handed on. */
const HEADER_BYTES = 500;

/**
 * The signed-in viewer as docs/protocol.md has it, or null for a visitor.
 *
 * Only WordPress's own login counts. In REST WordPress itself forgets a cookie that came without a nonce. What he is
 * called is at hand here (WordPress has read his meta for the login), and saves the sidecar a query.
 */
function viewer(): ?array {
	if ( is_viewerless() || ! is_user_logged_in() ) {
		return null;
	}
	static $known = array(); // Asked dozens of times on a page; capabilities are not cheap to ask for.
	$user = wp_get_current_user();
	$key  = get_current_blog_id() . ':' . $user->ID;
	if ( ! isset( $known[ $key ] ) ) {
		$known[ $key ] = viewer_as_told( $user );
	}
	return null === preview() ? $known[ $key ] : $known[ $key ] + array( 'preview' => preview() );
}

function viewer_as_told( \WP_User $user ): array {
	return array(
		'user'          => $user->ID,
		'roles'         => array_values( $user->roles ),
		'administrator' => is_administrator( $user->ID ),
		'login'         => $user->user_login,
		'email'         => $user->user_email,
		'first_name'    => (string) $user->first_name,
		'last_name'     => (string) $user->last_name,
	);
}

/** Feeds, cron and the command line get the visitor's view, whoever asks. */
function is_viewerless(): bool {
	return wp_doing_cron() || 'cli' === PHP_SAPI || ( defined( 'WP_CLI' ) && WP_CLI ) || ( did_action( 'parse_query' ) && is_feed() );
}

/** May see everything and is never refused. */
function is_administrator( int $user_id ): bool {
	return user_can( $user_id, 'manage_options' );
}

/** The address of the connection; which proxies to believe is the sidecar's business (see forwarded_for). */
function client_ip(): string {
	$ip = $_SERVER['REMOTE_ADDR'] ?? ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- validated here.
	return is_string( $ip ) && false !== filter_var( $ip, FILTER_VALIDATE_IP ) ? $ip : '';
}

/**
 * What proxies claim, for events' and views' key 'forwarded'; '' when there is no such header. Each proxy adds to its
 * end, and its begin is the sender's invention: of a long one the end is kept, from the first entry that is whole.
 */
function forwarded_for(): string {
	$header = printable_header( 'HTTP_X_FORWARDED_FOR' );
	return strlen( $header ) <= HEADER_BYTES ? $header : trim( (string) substr( strstr( substr( $header, -HEADER_BYTES ), ',' ), 1 ) );
}

/** A header of the request as printable text of at most 500 bytes. */
function request_header( string $name ): string {
	return substr( printable_header( $name ), 0, HEADER_BYTES );
}

function printable_header( string $name ): string {
	$value = $_SERVER[ $name ] ?? '';
	return is_string( $value ) ? (string) preg_replace( '/[^\x20-\x7e]/', '', wp_unslash( $value ) ) : '';
}
