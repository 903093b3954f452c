<?php
/**
 * What an answer to a page call carries besides the page: generation, changes, the end of a session.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/**
 * Do what the answer to a page call asks for. Call it before anything is printed: it may redirect and exit.
 *
 * A page event that was not recorded (`recorded: false`) is the caller's, who has the view: record_page_view().
 */
function handle_answer( array $answer ): void {
	if ( is_int( $answer['generation'] ?? null ) ) {
		notice_generation( $answer['generation'] );
	}
	if ( ! empty( $answer['changes'] ) && is_array( $answer['changes'] ) ) {
		after_response( 'Gatepost\apply_answered_changes', array( $answer['changes'] ) );
	}
	$viewer = $answer['viewer'] ?? null;
	if ( is_array( $viewer ) && 'end' === ( $viewer['session'] ?? '' ) ) {
		end_viewer_session( (string) ( $viewer['url'] ?? '' ), (int) ( $viewer['code'] ?? 0 ) );
	}
}

/** An administrator's session is never ended from outside. */
function end_viewer_session( string $url, int $code ): void {
	if ( null === viewer() || viewer()['administrator'] ) {
		return;
	}
	end_this_session();
	redirect_with_code( $url, $code );
}

/** Apply changes after the response, and tell the sidecar which are done: by a page call that is no page view. */
function apply_answered_changes( array $changes ): void {
	$done = apply_changes( $changes )['done'];
	if ( array() !== $done ) {
		ask(
			'/bridge/v1/page',
			array(
				'part'       => 2,
				'view'       => array( 'kind' => 'other' ),
				'viewer'     => null,
				'generation' => generation(),
				'done'       => $done,
			)
		);
	}
}
