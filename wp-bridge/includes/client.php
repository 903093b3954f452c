<?php
/**
 * The one HTTP client: signed calls to the sidecar.
 *
 * curl on a unix socket, because the WordPress HTTP API waits whole seconds and knows no unix sockets. Each call
 * has a connection of its own that is closed afterwards: a kept one could hand one member's page to the next.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/**
 * Ask the sidecar.
 *
 * Never throws, never warns. On any fault the answer is null and the breaker counts it; while the breaker is open,
 * and when the site is not paired, it is null at once. Give an empty JSON object as `(object) array()`.
 *
 * @param string $path         A route of docs/protocol.md, such as '/bridge/v1/page'.
 * @param array  $body         What becomes the JSON body.
 * @param int    $milliseconds How long to wait at most; 0 is GATEPOST_TIMEOUT_MS.
 * @return array|null The decoded answer.
 */
function ask( string $path, array $body, int $milliseconds = 0 ): ?array {
	return exchange( $path, $body, $milliseconds )['answer'];
}

/**
 * This request's first call to `$path`, or null when there was none: array( 'id' =>, 'at' => Unix time in its header ).
 *
 * The sidecar names the page event after both, so an event that is kept because the answer was lost carries them too.
 */
function first_call( string $path ): ?array {
	return first_calls()[ $path ] ?? null;
}

/**
 * Ask, and say what went wrong.
 *
 * @return array array( 'answer' => array|null, 'fault' => '' or one of 'unpaired', 'breaker', 'unsendable',
 *               'transport', 'signature', 'json', or the sidecar's own error code, 'status' => the HTTP status of an
 *               answer that can be believed, else 0 ).
 */
function exchange( string $path, array $body, int $milliseconds = 0 ): array {
	$pairing = pairing();
	if ( null === $pairing ) {
		return a_fault( 'unpaired' );
	}
	$sent = wp_json_encode( array() === $body ? (object) $body : $body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE );
	if ( false === $sent || strlen( $sent ) > MAX_BODY_BYTES ) {
		return a_fault( 'unsendable' );
	}
	$breaker = breaker_of( $path );
	if ( ! breaker_allows( $breaker ) ) {
		return a_fault( 'breaker' );
	}
	$call = array(
		'id' => new_id(),
		'at' => time(),
	);
	first_calls( array( $path => $call ) );
	$headers = signed_headers( $pairing['secret'], $path, $call, $sent );
	$reply   = transfer( $pairing['address'], $path, $headers, $sent, $milliseconds > 0 ? $milliseconds : (int) GATEPOST_TIMEOUT_MS );
	$result  = verified( $pairing['secret'], $call['id'], $reply );
	breaker_notes( ! is_outage( $result ), $breaker );
	return $result;
}

/** Whether a fault says that the sidecar is not there; a refusal that it signed says that it is. */
function is_outage( array $result ): bool {
	return in_array( $result['fault'], array( 'transport', 'signature', 'json', 'unavailable' ), true );
}

function a_fault( string $fault, int $status = 0 ): array {
	return array(
		'answer' => null,
		'fault'  => $fault,
		'status' => $status,
	);
}

/** Path => call, for the paths called so far; `$new` is added where its path is new. */
function first_calls( array $new = array() ): array {
	static $calls = array();
	$calls += $new;
	return $calls;
}

/**
 * Send the bytes and collect the answer's.
 *
 * @return array|null array( 'status' =>, 'headers' => lower-case name => value, 'body' => ); null on any fault.
 */
function transfer( string $address, string $path, array $signed_headers, string $body, int $milliseconds ): ?array {
	$headers  = array();
	$received = '';
	$handle   = curl_init();
	if ( false === $handle ) {
		return null;
	}
	curl_setopt_array( $handle, connection_options( $address, $path ) );
	curl_setopt_array(
		$handle,
		array(
			CURLOPT_POST              => true,
			CURLOPT_POSTFIELDS        => $body,
			CURLOPT_HTTPHEADER        => $signed_headers,
			CURLOPT_TIMEOUT_MS        => $milliseconds,
			CURLOPT_CONNECTTIMEOUT_MS => min( $milliseconds, (int) GATEPOST_CONNECT_MS ),
			CURLOPT_HEADERFUNCTION    => static function ( $handle, string $line ) use ( &$headers ): int {
				$parts = explode( ':', $line, 2 );
				if ( 2 === count( $parts ) ) {
					$headers[ strtolower( trim( $parts[0] ) ) ] = trim( $parts[1] );
				}
				return strlen( $line );
			},
			CURLOPT_WRITEFUNCTION     => static function ( $handle, string $piece ) use ( &$received ): int {
				$received .= $piece;
				return strlen( $received ) > MAX_BODY_BYTES ? 0 : strlen( $piece ); // 0 ends the transfer.
			},
		)
	);
	$arrived = curl_exec( $handle ); // False for a body cut short, too.
	$status  = (int) curl_getinfo( $handle, CURLINFO_RESPONSE_CODE );
	return false === $arrived ? null : array(
		'status'  => $status,
		'headers' => $headers,
		'body'    => $received,
	);
}

function connection_options( string $address, string $path ): array {
	$options = array(
		CURLOPT_NOSIGNAL     => true, // Or limits under a second end every call at once.
		CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
		CURLOPT_PROTOCOLS    => CURLPROTO_HTTP,
		CURLOPT_PROXY        => '',   // Not even when the environment names one.
		CURLOPT_NOPROXY      => '*',
		CURLOPT_FORBID_REUSE => true,
	);
	if ( 0 === strpos( $address, 'unix:' ) ) {
		$options[ CURLOPT_UNIX_SOCKET_PATH ] = substr( $address, 5 );
		$options[ CURLOPT_URL ]              = 'http://gatepost' . $path;
	} else {
		$options[ CURLOPT_URL ] = untrailingslashit( $address ) . $path;
	}
	return $options;
}

function signed_headers( string $secret, string $path, array $call, string $body ): array {
	$time = (string) $call['at'];
	return array(
		'Content-Type: application/json',
		'Expect:', // curl would wait for "100 Continue" before a long body.
		'X-Gatepost-Time: ' . $time,
		'X-Gatepost-Id: ' . $call['id'],
		'X-Gatepost-Site: ' . this_site(),
		'X-Gatepost-Signature: ' . sign_request( $secret, 'POST', $path, $time, $call['id'], this_site(), $body ),
	);
}

/** Believe an answer only when it repeats the id and is signed over it. */
function verified( string $secret, string $id, ?array $reply ): array {
	if ( null === $reply ) {
		return a_fault( 'transport' );
	}
	$right = sign_answer( $secret, $id, $reply['status'], $reply['body'] );
	$given = $reply['headers']['x-gatepost-signature'] ?? '';
	if ( ! hash_equals( $id, $reply['headers']['x-gatepost-id'] ?? '' ) || ! hash_equals( $right, $given ) ) {
		return a_fault( 'signature' );
	}
	$answer = json_decode( $reply['body'], true );
	if ( ! is_array( $answer ) ) {
		return a_fault( 'json' );
	}
	if ( 200 !== $reply['status'] ) {
		return a_fault( $reply['status'] >= 500 ? 'unavailable' : (string) ( $answer['error'] ?? 'bad_request' ), $reply['status'] );
	}
	return array(
		'answer' => $answer,
		'fault'  => '',
		'status' => 200,
	);
}
