<?php
/**
 * An invoice for the member it belongs to: /?gatepost_invoice=NUMBER. Whose it is the sidecar looks up.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const INVOICE_PARAMETER  = 'gatepost_invoice';
const INVOICE_TIMEOUT_MS = 10000;

/** On `init`: answer a request for an invoice; a visitor signs in first. */
function serve_invoice(): void {
	$asked = $_GET[ INVOICE_PARAMETER ] ?? null; // phpcs:ignore WordPress.Security.NonceVerification -- reading one's own changes nothing.
	if ( ! is_string( $asked ) || is_admin() || ! is_paired() ) {
		return;
	}
	defined( 'DONOTCACHEPAGE' ) || define( 'DONOTCACHEPAGE', true );
	nocache_headers();
	if ( ! is_user_logged_in() ) {
		auth_redirect();
	}
	print_invoice( invoice_of_viewer( substr( sanitize_text_field( wp_unslash( $asked ) ), 0, 60 ) ) );
}

/** The sidecar's answer in its shape; anything else ends here. */
function invoice_of_viewer( string $name ): array {
	$user   = get_current_user_id();
	$answer = exchange(
		'/bridge/v1/invoice',
		array(
			'user'     => $user,
			'name'     => $name,
			'language' => get_user_locale( $user ),
		),
		INVOICE_TIMEOUT_MS
	)['answer'];
	if ( ! is_string( $answer['pdf'] ?? null ) || ! is_string( $answer['name'] ?? null ) ) {
		header( 'Retry-After: ' . RETRY_AFTER_SECONDS );
		wp_die( esc_html__( 'This cannot be shown right now. Please try again in a few minutes.', 'gatepost' ), '', array( 'response' => 503 ) );
	}
	if ( '' === $answer['pdf'] ) {
		wp_die( esc_html( (string) ( $answer['message'] ?? '' ) ), '', array( 'response' => 404 ) );
	}
	return $answer;
}

function print_invoice( array $answer ): void {
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}
	header( 'Cache-Control: private, no-store' );
	header( 'Content-Type: application/pdf' );
	header( 'X-Content-Type-Options: nosniff' );
	header( 'X-Robots-Tag: noindex' );
	header( sprintf( 'Content-Disposition: attachment; filename="%s.pdf"', preg_replace( '/[^A-Za-z0-9-]/', '', $answer['name'] ) ) );
	echo base64_decode( $answer['pdf'] ); // phpcs:ignore WordPress.Security.EscapeOutput -- a finished file of the sidecar, signed.
	exit;
}
