<?php
/**
 * The breaker: when the sidecar fails, pages stop waiting for it.
 *
 * Three faults in half a minute open it for ten seconds. Then one request alone may try: its success closes the
 * breaker, its failure opens it for ten seconds more. A request that has seen one fault asks no more, so that a hung
 * sidecar costs no page more than one time-out.
 *
 * Anybody may send forms and webhooks, as many and as slow ones as he likes. So these have breakers of their own: what
 * strangers can bring about never closes a page.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const BREAKER_FAULTS         = 3;
const BREAKER_WINDOW_SECONDS = 30;
const BREAKER_OPEN_SECONDS   = 10;

/** A prober that died is replaced after so long; longer than any call's limit. */
const BREAKER_PROBE_SECONDS = 60;

/** The breaker of a route, by the subject of its memory: '' is that of pages and of all that only the site itself sends. */
function breaker_of( string $path ): string {
	if ( 0 === strpos( $path, '/bridge/v1/webhooks/' ) ) {
		return 'breaker-webhooks';
	}
	if ( 0 === strpos( $path, '/bridge/v1/dashboard' ) || '/bridge/v1/invoice' === $path ) {
		return 'breaker-dashboard';
	}
	return '/bridge/v1/form' === $path ? 'breaker-forms' : '';
}

/** Whether a call may be made now. In an opened breaker's ten seconds none, afterwards one at a time. */
function breaker_allows( string $breaker = '' ): bool {
	if ( breaker_seen_fault( $breaker ) ) {
		return false;
	}
	$opened_at = memory( $breaker )->recall( 'opened_at' );
	if ( null === $opened_at ) {
		return true;
	}
	return microtime( true ) - $opened_at >= BREAKER_OPEN_SECONDS && memory( $breaker )->claim( 'probe', BREAKER_PROBE_SECONDS );
}

/** Tell the breaker how a call went that it had allowed. */
function breaker_notes( bool $went_well, string $breaker = '' ): void {
	if ( $went_well ) {
		breaker_closes( $breaker );
		return;
	}
	breaker_seen_fault( $breaker, true );
	if ( breaker_is_open( $breaker ) || breaker_recent_faults( $breaker ) >= BREAKER_FAULTS ) {
		memory( $breaker )->remember( 'opened_at', microtime( true ), DAY_IN_SECONDS );
		memory( $breaker )->drop( 'probe' );
	}
}

/** Whether it is open, or waits for its prober. */
function breaker_is_open( string $breaker = '' ): bool {
	return null !== memory( $breaker )->recall( 'opened_at' );
}

function breaker_closes( string $breaker ): void {
	if ( breaker_is_open( $breaker ) ) {
		foreach ( array( 'opened_at', 'faults', 'probe' ) as $name ) {
			memory( $breaker )->drop( $name );
		}
	}
}

/** Add this fault to those of the window, and count them. */
function breaker_recent_faults( string $breaker ): int {
	$since    = microtime( true ) - BREAKER_WINDOW_SECONDS;
	$faults   = array_filter(
		(array) memory( $breaker )->recall( 'faults' ),
		static function ( $at ) use ( $since ): bool {
			return $at > $since;
		}
	);
	$faults[] = microtime( true );
	memory( $breaker )->remember( 'faults', array_slice( array_values( $faults ), -BREAKER_FAULTS ), BREAKER_WINDOW_SECONDS );
	return count( $faults );
}

/** Whether a call of this request has failed already. */
function breaker_seen_fault( string $breaker, bool $now = false ): bool {
	static $seen = array();
	$seen[ $breaker ] = ! empty( $seen[ $breaker ] ) || $now;
	return $seen[ $breaker ];
}
