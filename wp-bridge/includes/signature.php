<?php
/**
 * Signatures, both directions: HMAC-SHA256 over what docs/protocol.md lists.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** How far the other side's clock may be off, in seconds. */
const TIME_WINDOW_SECONDS = 300;

/** No message of either side is longer, in bytes. */
const MAX_BODY_BYTES = 33554432;

/** Sign a request. `$time` is Unix time in whole seconds, as it stands in the header. */
function sign_request( string $secret, string $method, string $path, string $time, string $id, string $site, string $body ): string {
	return hash_hmac( 'sha256', implode( "\n", array( 'gatepost-1', $method, $path, $time, $id, $site, $body ) ), $secret );
}

/** Sign an answer to the request `$id`. */
function sign_answer( string $secret, string $id, int $status, string $body ): string {
	return hash_hmac( 'sha256', implode( "\n", array( 'gatepost-1-answer', $id, sprintf( '%03d', $status ), $body ) ), $secret );
}

/** Make an id for a request or an event: 32 random hex digits. */
function new_id(): string {
	return bin2hex( random_bytes( 16 ) );
}

/** Whether this is an id as the protocol has it. */
function is_id( string $id ): bool {
	return 1 === preg_match( '/\A[0-9a-f]{32}\z/', $id );
}
