<?php
/**
 * WordPress's personal-data tools: the sidecar exports and erases what it holds.
 *
 * While it is away the answer is an error and never "done": WordPress then stops the run, says so, and leaves the
 * request open in its list, so that it is asked again later.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Exports and erasures are no page views; nobody waits for a page. */
const PRIVACY_TIMEOUT_MS = 20000;

/** Filter `wp_privacy_personal_data_exporters`. */
function add_exporter( array $exporters ): array {
	$exporters['gatepost'] = array(
		'exporter_friendly_name' => __( 'Membership (Gatepost)', 'gatepost' ),
		'callback'               => 'Gatepost\export_personal_data',
	);
	return $exporters;
}

/** Filter `wp_privacy_personal_data_erasers`. */
function add_eraser( array $erasers ): array {
	$erasers['gatepost'] = array(
		'eraser_friendly_name' => __( 'Membership (Gatepost)', 'gatepost' ),
		'callback'             => 'Gatepost\erase_personal_data',
	);
	return $erasers;
}

/** One page of the export, in WordPress's shape, or an error. */
function export_personal_data( string $email, int $page = 1 ) {
	$answer = ask_privacy( 'export', $email, $page );
	if ( null === $answer || ! is_array( $answer['items'] ?? null ) ) {
		return not_done( __( 'The membership data could not be exported, because the Gatepost service is away. Nothing was left out silently: please export again later.', 'gatepost' ) );
	}
	return array(
		'data' => array_map( 'Gatepost\export_item', $answer['items'] ),
		'done' => true === ( $answer['done'] ?? null ),
	);
}

function export_item( array $item ): array {
	return array(
		'group_id'    => 'gatepost-' . sanitize_key( $item['group'] ?? '' ),
		'group_label' => (string) ( $item['label'] ?? '' ),
		'item_id'     => (string) ( $item['id'] ?? '' ),
		'data'        => (array) ( $item['data'] ?? array() ),
	);
}

/** One page of the erasure, in WordPress's shape, or an error. */
function erase_personal_data( string $email, int $page = 1 ) {
	$answer = ask_privacy( 'erase', $email, $page );
	if ( null === $answer ) {
		return not_done( __( 'The membership data is not erased yet, because the Gatepost service is away. The request stays open: please erase again later.', 'gatepost' ) );
	}
	return array(
		'items_removed'  => ! empty( $answer['removed'] ),
		'items_retained' => ! empty( $answer['retained'] ),
		'messages'       => array_map( 'strval', (array) ( $answer['messages'] ?? array() ) ),
		'done'           => true === ( $answer['done'] ?? null ),
	);
}

function ask_privacy( string $what, string $email, int $page ): ?array {
	return ask(
		"/bridge/v1/privacy/{$what}",
		array(
			'email'    => $email,
			'page'     => $page,
			'language' => determine_locale(),
		),
		PRIVACY_TIMEOUT_MS
	);
}

function not_done( string $message ): \WP_Error {
	return new \WP_Error( 'gatepost_not_done', $message );
}
