<?php
/**
 * How a visitor came: parameters of addresses such as `?affid=anna&source=letter`, kept in a cookie for tags that ask.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const ARRIVAL_COOKIE = 'gatepost_arrival';

/** How long they are kept, from the last such address on. */
const ARRIVAL_SECONDS = 30 * DAY_IN_SECONDS;

/** How much is kept: names, bytes of a value, bytes of all. */
const ARRIVAL_NAMES       = 20;
const ARRIVAL_VALUE_BYTES = 200;
const ARRIVAL_BYTES       = 1000;

/** Always kept: who has sent the visitor. */
const AFFILIATE_PARAMETERS = array( 'affid', 'sid' );

/** The option that remembers which other parameters texts of this site ask for, and how long that is believed. */
const ARRIVAL_OPTION       = 'gatepost_arrival';
const ARRIVAL_FRESH_SECONDS = HOUR_IN_SECONDS;

/** On `template_redirect`, before all else: keep what the address says. The page that sets a cookie is kept by no cache. */
function keep_arrival(): void {
	$new = parameters_of_arrival();
	if ( array() === $new || headers_sent() || ! is_arrival_kept() ) {
		return;
	}
	$kept = http_build_query( within_bytes( array_slice( $new + kept_arrival(), 0, ARRIVAL_NAMES, true ) ) );
	if ( kept_arrival_query() === $kept ) {
		return;
	}
	$_COOKIE[ ARRIVAL_COOKIE ] = $kept;
	setcookie(
		ARRIVAL_COOKIE,
		$kept,
		array(
			'expires'  => time() + ARRIVAL_SECONDS,
			'path'     => COOKIEPATH ? COOKIEPATH : '/',
			'domain'   => (string) COOKIE_DOMAIN,
			'secure'   => is_ssl(),
			'httponly' => true,
			'samesite' => 'Lax',
		)
	);
	forbid_caching();
}

function is_arrival_kept(): bool {
	$is_page = 'GET' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) && ! is_feed() && ! is_embed() && ! is_preview() && ! is_rest_request() && ! wp_doing_ajax() && ! is_prefetch();
	/**
	 * Whether this visitor's arrival may be kept in a cookie. A site that asks for consent first can say so here.
	 *
	 * @param bool $is_kept
	 */
	return (bool) apply_filters( 'gatepost_keep_arrival', $is_page );
}

/** The parameters of this request's address that some text may ask for: name => value. */
function parameters_of_arrival(): array {
	$given = as_arrival( wp_unslash( $_GET ) ); // phpcs:ignore WordPress.Security -- kept as data, printed nowhere here.
	return array() === $given ? array() : array_filter(
		$given,
		static function ( string $name ): bool {
			return in_array( strtolower( $name ), AFFILIATE_PARAMETERS, true ) || in_array( strtolower( $name ), names_asked_for(), true );
		},
		ARRAY_FILTER_USE_KEY
	);
}

/** The names, in lower case, that [MM_Custom_Decision] asks for in this site's texts and in its theme's code. */
function names_asked_for(): array {
	$known = get_option( ARRIVAL_OPTION );
	if ( ! is_array( $known ) || ! is_array( $known['names'] ?? null ) ) {
		return find_names_asked_for();
	}
	if ( ( $known['at'] ?? 0 ) < time() - ARRIVAL_FRESH_SECONDS ) {
		after_response( 'Gatepost\find_names_asked_for', array() );
	}
	return $known['names'];
}

function find_names_asked_for(): array {
	global $wpdb;
	$like  = '%' . $wpdb->esc_like( '[MM_Custom_Decision' ) . '%';
	$texts = $wpdb->get_col( $wpdb->prepare( "SELECT post_content FROM {$wpdb->posts} WHERE post_status IN ('publish', 'private', 'future') AND post_content LIKE %s ORDER BY ID DESC LIMIT 200", $like ) );
	preg_match_all( '/\[MM_Custom_Decision\b([^\]]*)\]/', implode( ' ', array_merge( $texts, wp_list_pluck( widget_texts(), 'text' ) ) ), $found );
	preg_match_all( '/([A-Za-z][A-Za-z0-9_-]*)\s*=/', implode( ' ', $found[1] ), $names );
	foreach ( (array) get_option( CALLS_OPTION, array() ) as $call ) {
		$is_decision = is_array( $call ) && 'MM_Custom_Decision' === ( $call[0] ?? '' );
		$names[1]    = array_merge( $names[1], $is_decision ? array_map( 'strval', array_keys( (array) $call[1] ) ) : array() );
	}
	$names = array_values( array_diff( array_unique( array_map( 'strtolower', $names[1] ) ), PAYMENT_PARAMETERS ) );
	update_option(
		ARRIVAL_OPTION,
		array(
			'names' => $names,
			'at'    => time(),
		)
	);
	return $names;
}

/** On `save_post`: another text may ask for other parameters. */
function forget_names_asked_for( $post_id, $post ): void {
	if ( $post instanceof \WP_Post && false !== strpos( $post->post_content, 'MM_Custom_Decision' ) ) {
		delete_option( ARRIVAL_OPTION );
	}
}

/** What the cookie holds; whoever sends it can have written anything into it. */
function kept_arrival(): array {
	parse_str( kept_arrival_query(), $kept );
	return as_arrival( $kept );
}

function kept_arrival_query(): string {
	$cookie = $_COOKIE[ ARRIVAL_COOKIE ] ?? ''; // phpcs:ignore WordPress.Security -- parsed and sent as data.
	return is_string( $cookie ) ? substr( wp_unslash( $cookie ), 0, 2 * ARRIVAL_BYTES ) : '';
}

/** Only texts of a moderate length, under plain names. */
function as_arrival( array $pairs ): array {
	$kept = array();
	foreach ( $pairs as $name => $value ) {
		if ( is_string( $value ) && 1 === preg_match( '/\A[A-Za-z][A-Za-z0-9_-]{0,39}\z/', (string) $name ) && strlen( $value ) <= ARRIVAL_VALUE_BYTES && wp_check_invalid_utf8( $value ) === $value ) {
			$kept[ $name ] = $value;
		}
	}
	return array_slice( $kept, 0, ARRIVAL_NAMES, true );
}

/** The first of these that fit into a cookie. */
function within_bytes( array $pairs ): array {
	while ( strlen( http_build_query( $pairs ) ) > ARRIVAL_BYTES ) {
		array_pop( $pairs );
	}
	return $pairs;
}
