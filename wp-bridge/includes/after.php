<?php
/**
 * Work that no visitor waits for: done at the end of the request, after he has his page.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Call `$task` with `$arguments` once the response is out, in order. The same task with the same arguments runs once. */
function after_response( string $task, array $arguments = array() ): void {
	$tasks = &after_tasks();
	if ( ! in_array( array( $task, $arguments ), $tasks, true ) ) {
		$tasks[] = array( $task, $arguments );
	}
}

/** Whether this PHP can end the response and go on working. */
function can_finish_response(): bool {
	return function_exists( 'fastcgi_finish_request' ) || function_exists( 'litespeed_finish_request' );
}

/** Whether the response is out: from here on nobody waits. */
function response_is_out( bool $now = false ): bool {
	static $out = false;
	$out = $out || $now;
	return $out;
}

/** On `shutdown`, last. A task may queue another. */
function run_after_tasks(): void {
	$tasks = &after_tasks();
	if ( array() === $tasks ) {
		return;
	}
	finish_response();
	while ( array() !== $tasks ) {
		list( $task, $arguments ) = array_shift( $tasks );
		$task( ...$arguments );
	}
}

function finish_response(): void {
	ignore_user_abort( true );
	if ( PHP_SESSION_ACTIVE === session_status() ) {
		session_write_close(); // Or the visitor's next click waits for our work.
	}
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request();
	} elseif ( function_exists( 'litespeed_finish_request' ) ) {
		litespeed_finish_request();
	}
	response_is_out( can_finish_response() );
}

function &after_tasks(): array {
	static $tasks = array();
	return $tasks;
}
