<?php
/**
 * The page view as the sidecar hears of it: what was asked for, and whether it counts as a reading.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** What a gateway and the way back from it put into an address. */
const PAYMENT_PARAMETERS = array( 'gatepost_order', 'payment_intent', 'payment_intent_client_secret', 'setup_intent', 'setup_intent_client_secret', 'redirect_status' );

/** What the main query is about, as `view.kind` and `view.object` of docs/protocol.md. */
function &reading(): array {
	static $reading = array(
		'kind'   => '',
		'object' => null,
	);
	return $reading;
}

/** Note what the main query is about, before its conditional functions can all be asked. */
function note_reading( \WP_Query $query, array $posts ): void {
	$reading           = &reading();
	$reading['kind']   = kind_of( $query );
	$first             = reset( $posts );
	$reading['object'] = $query->is_singular() && ! $query->is_feed() && is_a_post( $first ) ? $first->ID : null;
}

function kind_of( \WP_Query $query ): string {
	$kinds = array(
		'feed'     => $query->is_feed(),
		'embed'    => $query->is_embed(),
		'singular' => $query->is_singular(),
		'search'   => $query->is_search(),
		'home'     => $query->is_home(),
		'archive'  => $query->is_archive(),
		'other'    => true,
	);
	return (string) array_search( true, $kinds, true );
}

/** `view` of docs/protocol.md. */
function the_view(): array {
	$reading = reading();
	$view    = array(
		'url'      => without_payment( request_uri() ),
		'kind'     => is_rest_request() ? 'rest' : ( '' === $reading['kind'] ? 'other' : $reading['kind'] ),
		'object'   => $reading['object'],
		'ip'       => client_ip(),
		'agent'    => request_header( 'HTTP_USER_AGENT' ),
		'referrer' => without_payment( request_header( 'HTTP_REFERER' ) ),
		'affid'    => query_parameter( 'affid' ),
		'sid'      => query_parameter( 'sid' ),
		'count'    => is_a_reading(),
		'language' => determine_locale(),
	);
	$more = array(
		'forwarded' => forwarded_for(),
		'arrival'   => http_build_query( kept_arrival() ),
	);
	return $view + array_filter( $more, 'strlen' );
}

/** An address without what a payment has left in it: who has that may ask about the payment, and it goes into a log. */
function without_payment( string $url ): string {
	list( $page, $query ) = explode( '?', $url, 2 ) + array( 1 => '' );
	$kept                 = array_filter(
		explode( '&', $query ),
		static function ( string $pair ): bool {
			return ! in_array( strtolower( urldecode( explode( '=', $pair )[0] ) ), PAYMENT_PARAMETERS, true );
		}
	);
	return '' === implode( '', $kept ) ? $page : $page . '?' . implode( '&', $kept );
}

function query_parameter( string $name ): string {
	$value = $_GET[ $name ] ?? ''; // phpcs:ignore WordPress.Security -- sent as data, printed nowhere.
	return is_string( $value ) ? substr( sanitize_text_field( wp_unslash( $value ) ), 0, 200 ) : '';
}

/** A person reads a page: no prefetch, preview, feed, embed or machine. */
function is_a_reading(): bool {
	return 'GET' === ( $_SERVER['REQUEST_METHOD'] ?? '' )
		&& ! in_array( reading()['kind'], array( '', 'feed', 'embed' ), true )
		&& null === preview() && ! is_preview() && ! is_prefetch() && ! is_rest_request() && ! wp_doing_ajax();
}

function is_prefetch(): bool {
	$said = '';
	foreach ( array( 'HTTP_SEC_PURPOSE', 'HTTP_PURPOSE', 'HTTP_X_PURPOSE', 'HTTP_X_MOZ' ) as $header ) {
		$said .= ' ' . request_header( $header );
	}
	return 1 === preg_match( '/prefetch|prerender|preview/i', $said );
}

function is_rest_request(): bool {
	return defined( 'REST_REQUEST' ) && REST_REQUEST;
}

/**
 * On `template_redirect`, last: a reading that no call has recorded. A visitor's is kept only where the sidecar was
 * asked and said that it could not, and where he comes by an affiliate's link: that is a click.
 */
function record_reading(): void {
	$recorded = page()->is_recorded;
	$matters  = null !== viewer() || '' !== query_parameter( 'affid' );
	if ( is_a_reading() && ( false === $recorded || ( null === $recorded && $matters ) ) ) {
		record_page_view( the_view() );
	}
}
