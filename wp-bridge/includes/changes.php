<?php
/**
 * Changes that the sidecar wants made in WordPress: made through WordPress's own API, so that caches are cleaned and
 * other plugins' hooks fire. Each is safe to apply twice.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** A role with one of these is never given nor taken, whatever the sidecar says. */
const ADMINISTRATIVE_CAPABILITIES = array(
	'manage_options',
	'manage_network',
	'manage_sites',
	'manage_network_users',
	'manage_network_plugins',
	'manage_network_themes',
	'manage_network_options',
	'activate_plugins',
	'install_plugins',
	'update_plugins',
	'delete_plugins',
	'edit_plugins',
	'upload_plugins',
	'switch_themes',
	'install_themes',
	'update_themes',
	'delete_themes',
	'edit_themes',
	'upload_themes',
	'edit_theme_options',
	'customize',
	'update_core',
	'edit_files',
	'edit_dashboard',
	'edit_others_posts',
	'edit_others_pages',
	'manage_woocommerce',
	'install_languages',
	'update_languages',
	'resume_plugins',
	'resume_themes',
	'setup_network',
	'level_8',
	'level_9',
	'level_10',
	'import',
	'export',
	'list_users',
	'create_users',
	'edit_users',
	'promote_users',
	'remove_users',
	'delete_users',
	'unfiltered_html',
	'unfiltered_upload',
	'view_site_health_checks',
	'export_others_personal_data',
	'erase_others_personal_data',
);

/**
 * Apply changes, each for itself.
 *
 * @return array array( 'done' => ids, 'failed' => id => sentence, 'made' => id => the id of a post ).
 */
function apply_changes( array $changes ): array {
	$result = array(
		'done'   => array(),
		'failed' => array(),
	);
	is_applying_changes( true );
	foreach ( $changes as $change ) {
		if ( ! is_array( $change ) || ! is_string( $change['id'] ?? null ) ) {
			continue;
		}
		$failure = apply_change( $change );
		if ( '' === $failure ) {
			$result['done'][] = $change['id'];
		} else {
			$result['failed'][ $change['id'] ] = $failure;
		}
	}
	is_applying_changes( false );
	$result['made'] = array_intersect_key( made_by_changes(), array_flip( $result['done'] ) );
	return $result;
}

/** Whether WordPress's hooks fire now because of us: such role changes are not reported back. */
function is_applying_changes( ?bool $now = null ): bool {
	static $applying = false;
	$applying = $now ?? $applying;
	return $applying;
}

/** Apply one change; '' when it stands now, else why not. Other plugins' hooks run in here and may throw. */
function apply_change( array $change ): string {
	$appliers = array(
		'roles'       => 'Gatepost\change_roles',
		'sessions'    => 'Gatepost\change_sessions',
		'index'       => 'Gatepost\change_index',
		'forget'      => 'Gatepost\change_forget',
		'forget_user' => 'Gatepost\change_forget_user',
		'mail'        => 'Gatepost\change_mail',
		'action'      => 'Gatepost\change_action',
		'page'        => 'Gatepost\change_page',
		'staff'       => 'Gatepost\change_staff',
	);
	$kind     = $change['kind'] ?? '';
	$applier  = is_string( $kind ) ? $appliers[ $kind ] ?? null : null;
	if ( null === $applier ) {
		return __( 'This version of the plugin does not know this kind of change.', 'gatepost' );
	}
	try {
		return $applier( $change );
	} catch ( \Throwable $error ) {
		/* translators: %s: the name of a PHP error class */
		return sprintf( __( 'WordPress or another plugin failed: %s', 'gatepost' ), get_class( $error ) );
	}
}

function change_roles( array $change ): string {
	$user = get_userdata( (int) ( $change['user'] ?? 0 ) );
	if ( ! $user ) {
		return __( 'There is no such user.', 'gatepost' );
	}
	$add    = array_map( 'strval', array_values( (array) ( $change['add'] ?? array() ) ) );
	$remove = array_map( 'strval', array_values( (array) ( $change['remove'] ?? array() ) ) );
	foreach ( array_merge( $add, $remove ) as $role ) {
		if ( is_administrative_role( $role ) ) {
			/* translators: %s: the name of a role */
			return sprintf( __( 'The role %s has an administrative capability.', 'gatepost' ), $role );
		}
	}
	$unknown = array_filter(
		$add,
		static function ( string $role ): bool {
			return ! wp_roles()->is_role( $role );
		}
	);
	if ( array() !== $unknown ) {
		/* translators: %s: names of roles */
		return sprintf( __( 'This site has no role %s.', 'gatepost' ), implode( ', ', $unknown ) );
	}
	array_map( array( $user, 'add_role' ), array_diff( $add, $user->roles ) );
	array_map( array( $user, 'remove_role' ), array_intersect( $remove, $user->roles ) );
	return '';
}

function is_administrative_role( string $name ): bool {
	$role = get_role( $name );
	return null !== $role && array() !== array_intersect( array_keys( array_filter( $role->capabilities ) ), ADMINISTRATIVE_CAPABILITIES );
}

function change_sessions( array $change ): string {
	$user_id = (int) ( $change['user'] ?? 0 );
	if ( is_administrator( $user_id ) ) {
		return __( 'An administrator is never signed out.', 'gatepost' );
	}
	if ( $user_id > 0 ) {
		destroy_sessions( $user_id );
	}
	return '';
}

function change_index( array $change ): string {
	$stored = is_array( $change['index'] ?? null ) && take_index( $change['index'] );
	return $stored ? '' : __( 'The rule index is not stored completely yet.', 'gatepost' );
}

function change_forget( array $change ): string {
	foreach ( (array) ( $change['users'] ?? array() ) as $user_id ) {
		clean_user_cache( (int) $user_id );
	}
	return '';
}
