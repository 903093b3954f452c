<?php
require_once ABSPATH . 'wp-admin/includes/plugin.php';
wp_set_current_user( 1 );
foreach ( get_option( 'active_plugins' ) as $file ) {
	if ( dirname( $file ) === $args[0] || $file === $args[0] ) {
		deactivate_plugins( $file );
		exit;
	}
}
throw new RuntimeException( "no plugin {$args[0]} is active" );
