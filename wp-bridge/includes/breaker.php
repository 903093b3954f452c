<?php
/**
 * The breaker: when the sidecar fails, pages stop waiting for it.
 *
 * Three faults in half a minute open it for ten seconds. Then one request alone may try: its success closes the
 * breaker, its failure opens it for ten seconds more. A request that has seen one fault asks no more, so that a hung
 * sidecar costs no page more than one time-out.
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

/** Whether a call may be made now. In an opened breaker's ten seconds none, afterwards one at a time. */
function breaker_allows(): bool {
	if ( breaker_seen_fault() ) {
		return false;
	}
	$opened_at = memory()->recall( 'opened_at' );
	if ( null === $opened_at ) {
		return true;
	}
	return microtime( true ) - $opened_at >= BREAKER_OPEN_SECONDS && memory()->claim( 'probe', BREAKER_PROBE_SECONDS );
}

/** Tell the breaker how a call went that it had allowed. */
function breaker_notes( bool $went_well ): void {
	if ( $went_well ) {
		breaker_closes();
		return;
	}
	breaker_seen_fault( true );
	$opened = null !== memory()->recall( 'opened_at' );
	if ( $opened || breaker_recent_faults() >= BREAKER_FAULTS ) {
		memory()->remember( 'opened_at', microtime( true ), DAY_IN_SECONDS );
		memory()->drop( 'probe' );
	}
}

/** Whether it is open, or waits for its prober. */
function breaker_is_open(): bool {
	return null !== memory()->recall( 'opened_at' );
}

function breaker_closes(): void {
	if ( breaker_is_open() ) {
		memory()->drop( 'opened_at' );
		memory()->drop( 'faults' );
		memory()->drop( 'probe' );
	}
}

/** Add this fault to those of the window, and count them. */
function breaker_recent_faults(): int {
	$since    = microtime( true ) - BREAKER_WINDOW_SECONDS;
	$faults   = array_filter(
		(array) memory()->recall( 'faults' ),
		static function ( $at ) use ( $since ): bool {
			return $at > $since;
		}
	);
	$faults[] = microtime( true );
	memory()->remember( 'faults', array_slice( array_values( $faults ), -BREAKER_FAULTS ), BREAKER_WINDOW_SECONDS );
	return count( $faults );
}

/** Whether a call of this request has failed already. */
function breaker_seen_fault( bool $now = false ): bool {
	static $seen = false;
	$seen = $seen || $now;
	return $seen;
}
