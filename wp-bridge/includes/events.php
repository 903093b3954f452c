<?php
/**
 * Events forwarded to the sidecar's log: logins, profiles, roles, pages that needed no call.
 *
 * They are collected during the request and sent in one call after the response. What the sidecar does not confirm,
 * and everything where PHP cannot go on after the response, is kept in the spool.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** A guessing robot can fail a thousand times in one XML-RPC request; so many of its events are kept. */
const EVENTS_PER_REQUEST = 200;

/** User meta that belongs to the profile. */
const PROFILE_META = array( 'first_name', 'last_name', 'nickname', 'description', 'locale' );

/** Columns of the users table that belong to the profile. */
const PROFILE_COLUMNS = array( 'user_email', 'user_pass', 'user_url', 'user_nicename', 'display_name' );

/**
 * Record that the viewer has read a page, after the response.
 *
 * For pages that needed no call, and for those whose call failed or was answered `recorded: false`: the event then
 * takes the id and the time of that call, and so counts once.
 *
 * @param array $view As `view` in docs/protocol.md.
 */
function record_page_view( array $view ): void {
	$viewer = viewer();
	$event  = an_event( 'page', $viewer['user'] ?? 0, $view );
	queue_event( array_merge( $event, first_call( '/bridge/v1/page' ) ?? array() ) );
	if ( null !== $viewer ) {
		after_response( 'Gatepost\check_old_cookie_quietly', array( $viewer['user'] ) );
	}
}

/** Make an event as docs/protocol.md has it. */
function an_event( string $kind, int $user_id, array $data, string $id = '' ): array {
	return array(
		'id'   => '' === $id ? new_id() : $id,
		'at'   => round( microtime( true ), 6 ),
		'kind' => $kind,
		'user' => $user_id > 0 ? $user_id : null,
		'ip'   => client_ip(),
		'data' => (object) ( $data + ( '' === forwarded_for() ? array() : array( 'forwarded' => forwarded_for() ) ) ),
	);
}

/** Keep an event for the end of the request; with a `$once`, a later one takes the place of an earlier. */
function queue_event( array $event, string $once = '' ): void {
	$queue = &event_queue();
	if ( count( $queue ) >= EVENTS_PER_REQUEST ) {
		return;
	}
	$queue[ '' === $once ? $event['id'] : $once ] = $event;
	after_response( 'Gatepost\send_events' );
}

function &event_queue(): array {
	static $queue = array();
	return $queue;
}

/** Send what is queued; spool what was not taken. A site that is not paired, or a clone, has nobody to tell. */
function send_events(): void {
	$queue  = &event_queue();
	$events = array_values( $queue );
	$queue  = array();
	if ( array() === $events || ! is_paired() ) {
		return;
	}
	$answer = response_is_out() ? ask( '/bridge/v1/events', array( 'events' => $events ) ) : null;
	$stored = is_array( $answer['stored'] ?? null ) ? $answer['stored'] : array();
	$kept   = array_filter(
		$events,
		static function ( array $event ) use ( $stored ): bool {
			return ! in_array( $event['id'], $stored, true );
		}
	);
	if ( array() !== $kept ) {
		spool_events( array_values( $kept ) );
	}
}

/** On `wp_login`. */
function note_login( string $name, $user = null ): void {
	if ( $user instanceof \WP_User ) {
		queue_event( an_event( 'login', $user->ID, array( 'name' => mb_substr( $user->user_login, 0, 100 ) ) ) );
	}
}

/** On `wp_login_failed`: the name that was tried, whose it is, and WordPress's word for what was wrong with the try. */
function note_failed_login( $name, $error = null ): void {
	if ( count( event_queue() ) >= EVENTS_PER_REQUEST ) {
		return;
	}
	$name = (string) $name;
	$user = get_user_by( 'login', $name );
	$user = $user ? $user : get_user_by( 'email', $name );
	$data = array( 'name' => mb_substr( $name, 0, 100 ) );
	if ( is_wp_error( $error ) && '' !== $error->get_error_code() ) {
		$data['reason'] = substr( (string) $error->get_error_code(), 0, 100 );
	}
	queue_event( an_event( 'login_failed', $user ? $user->ID : 0, $data ) );
}

/** On `wp_logout`. */
function note_logout( $user_id = 0 ): void {
	if ( $user_id > 0 ) {
		queue_event( an_event( 'logout', (int) $user_id, array() ) );
	}
}

/** On `profile_update`: the names of what changed, never the values. */
function note_profile( $user_id, $before = null ): void {
	$after = get_userdata( (int) $user_id );
	if ( ! $after || ! $before instanceof \WP_User ) {
		return;
	}
	foreach ( PROFILE_COLUMNS as $column ) {
		if ( $after->data->$column !== $before->data->$column ) {
			queue_profile_field( (int) $user_id, $column );
		}
	}
}

/** On `added_user_meta`, `updated_user_meta`. */
function note_profile_meta( $meta_id, $user_id, $key ): void {
	if ( in_array( $key, PROFILE_META, true ) ) {
		queue_profile_field( (int) $user_id, $key );
	}
}

/** All fields of one user and request become one event. */
function queue_profile_field( int $user_id, string $field ): void {
	static $fields = array();
	$fields[ $user_id ][ $field ] = true;
	$names                        = array_keys( $fields[ $user_id ] );
	sort( $names );
	queue_event( an_event( 'profile', $user_id, array( 'fields' => $names ) ), "profile-{$user_id}" );
}

/** On `deleted_user` and `wpmu_delete_user`. */
function note_deleted_user( $user_id ): void {
	queue_event( an_event( 'user_deleted', (int) $user_id, array() ), "deleted-{$user_id}" );
}

/** On `set_user_role`, `add_user_role`, `remove_user_role`: the roles as they are now, once per user and request. */
function note_role( $user_id ): void {
	$user = get_userdata( (int) $user_id );
	if ( $user && ! is_applying_changes() ) {
		queue_event( an_event( 'role', (int) $user_id, array( 'roles' => array_values( $user->roles ) ) ), "role-{$user_id}" );
	}
}
