<?php
require_once ABSPATH . 'wp-admin/includes/plugin.php';
wp_set_current_user( 1 );
foreach ( array_keys( get_plugins() ) as $file ) {
	if ( dirname( $file ) === $args[0] || $file === $args[0] ) {
		$result = activate_plugin( $file );
		if ( is_wp_error( $result ) ) {
			throw new RuntimeException( $result->get_error_message() );
		}
		exit;
	}
}
throw new RuntimeException( "no plugin {$args[0]} is installed" );
