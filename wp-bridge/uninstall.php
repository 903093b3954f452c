<?php
/**
 * Uninstall: the secret, the rule index, the marks on posts and the spool go. What was sold and paid stays: the
 * service's own tables (members, orders, ledger, log) are no part of the plugin.
 *
 * @package Gatepost
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/** Remove what the plugin has written for one site. */
function gatepost_uninstall_site(): void {
	global $wpdb;
	delete_option( 'gatepost_pairing' );
	$wpdb->delete( $wpdb->options, array( 'option_name' => 'gatepost_pairing' ) ); // A row that WordPress's cache does not know.
	delete_option( 'gatepost_index' );
	delete_option( 'gatepost_spool_schema' );
	delete_option( 'gatepost_calls' );
	delete_option( 'gatepost_arrival' );
	delete_option( 'gatepost_staff' );
	delete_post_meta_by_key( '_gatepost_governed' );
	delete_metadata( 'user', 0, 'gatepost_made_by_form', '', true );
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}gatepost_spool" ); // phpcs:ignore WordPress.DB -- the plugin's own table.
}

/** Remove the plugin's traces from every site of a network, or from the one there is. */
function gatepost_uninstall(): void {
	if ( ! is_multisite() ) {
		gatepost_uninstall_site();
	} else {
		foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $site ) {
			switch_to_blog( $site );
			gatepost_uninstall_site();
			restore_current_blog();
		}
	}
	if ( is_file( WP_CONTENT_DIR . '/gatepost-pairing.php' ) ) {
		wp_delete_file( WP_CONTENT_DIR . '/gatepost-pairing.php' );
	}
}

gatepost_uninstall();
