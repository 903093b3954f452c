<?php
/**
 * The spool table: events that the sidecar has not taken yet. It reads them by SQL, in order, and deletes them.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const SPOOL_SCHEMA        = 1;
const SPOOL_SCHEMA_OPTION = 'gatepost_spool_schema';
const SPOOL_CEILING       = 100000;

/** The id of the row that counts what was not kept begins so; no random id does, once in four thousand million. */
const SPOOL_LOST_PREFIX = 'ffffffff';

function spool_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'gatepost_spool';
}

/** On `init`: create or upgrade the table. Costs nothing while the version is the stored one. */
function upgrade_spool(): void {
	if ( SPOOL_SCHEMA === (int) get_option( SPOOL_SCHEMA_OPTION ) || ! memory()->claim( 'spool_schema', 60 ) ) {
		return;
	}
	if ( create_spool() ) {
		update_option( SPOOL_SCHEMA_OPTION, SPOOL_SCHEMA, true );
		memory()->drop( 'spool_schema' );
	}
}

function create_spool(): bool {
	global $wpdb;
	$table = spool_table();
	return false !== quietly(
		"CREATE TABLE IF NOT EXISTS {$table} (
			seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
			id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			at DOUBLE NOT NULL,
			body LONGTEXT NOT NULL,
			UNIQUE KEY id (id)
		) ENGINE=InnoDB {$wpdb->get_charset_collate()}"
	);
}

/**
 * Keep events, in order. A repeated id is kept once.
 *
 * @param array $events As in docs/protocol.md, `/events`.
 */
function spool_events( array $events ): void {
	global $wpdb;
	$room = max( 0, SPOOL_CEILING - count_spool() );
	$lost = count( $events ) - $room;
	if ( $lost > 0 ) {
		count_lost_events( $lost );
	}
	$events = array_slice( $events, 0, $room );
	if ( array() === $events ) {
		return;
	}
	$rows = array();
	foreach ( $events as $event ) {
		$rows[] = $wpdb->prepare( '(%s, %f, %s)', $event['id'], $event['at'], event_json( $event ) );
	}
	spool_statement( 'INSERT IGNORE INTO ' . spool_table() . ' (id, at, body) VALUES ' . implode( ', ', $rows ) );
}

/** Count the rows: by the ends of their numbers while they are far from the ceiling, exactly near it. */
function count_spool(): int {
	global $wpdb;
	$table = spool_table();
	$shown = $wpdb->suppress_errors();
	$span  = (int) $wpdb->get_var( "SELECT COALESCE(MAX(seq) - MIN(seq) + 1, 0) FROM {$table}" );
	$count = $span < SPOOL_CEILING ? $span : (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$table}" );
	$wpdb->suppress_errors( $shown );
	return $count;
}

/** Add to the one row that counts what was not kept; after the sidecar has drained it a new one begins. */
function count_lost_events( int $lost ): void {
	global $wpdb;
	$table = spool_table();
	for ( $try = 0; $try < 3; $try++ ) {
		$old = lost_events_row();
		if ( null === $old ) {
			$event = an_event( 'lost', 0, array( 'count' => $lost ), SPOOL_LOST_PREFIX . substr( new_id(), 8 ) );
			spool_statement( $wpdb->prepare( "INSERT INTO {$table} (id, at, body) VALUES (%s, %f, %s)", $event['id'], $event['at'], event_json( $event ) ) );
			return;
		}
		$event                   = json_decode( $old['body'], true );
		$event['data']['count'] += $lost;
		if ( 1 === quietly( $wpdb->prepare( "UPDATE {$table} SET body = %s WHERE id = %s AND body = %s", event_json( $event ), $old['id'], $old['body'] ) ) ) {
			return; // Else another worker has counted in between: read again.
		}
	}
}

function lost_events_row(): ?array {
	global $wpdb;
	$table = spool_table();
	$shown = $wpdb->suppress_errors();
	$row   = $wpdb->get_row( $wpdb->prepare( "SELECT id, body FROM {$table} WHERE id >= %s ORDER BY id DESC LIMIT 1", SPOOL_LOST_PREFIX ), ARRAY_A );
	$wpdb->suppress_errors( $shown );
	return $row;
}

/** How many events were not kept since the sidecar drained the spool last. */
function count_lost(): int {
	$row = lost_events_row();
	return null === $row ? 0 : (int) ( json_decode( $row['body'], true )['data']['count'] ?? 0 );
}

/** Run a statement on the spool; when the table has vanished (a partial restore), make it and run it again. */
function spool_statement( string $sql ): void {
	if ( false === quietly( $sql ) && create_spool() ) {
		quietly( $sql );
	}
}

/** Run a statement without a word in the page or the log when it fails. */
function quietly( string $sql ) {
	global $wpdb;
	$shown  = $wpdb->suppress_errors();
	$result = $wpdb->query( $sql ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by the callers.
	$wpdb->suppress_errors( $shown );
	return $result;
}

function event_json( array $event ): string {
	return (string) wp_json_encode( $event, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE );
}
