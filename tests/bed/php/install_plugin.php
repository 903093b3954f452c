<?php
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
require_once ABSPATH . 'wp-admin/includes/file.php';
wp_set_current_user( 1 );
$upgrader  = new Plugin_Upgrader( new Automatic_Upgrader_Skin() );
$installed = $upgrader->install( $args[0], array( 'overwrite_package' => true ) );
if ( true !== $installed ) {
	throw new RuntimeException( is_wp_error( $installed ) ? $installed->get_error_message() : implode( "\n", $upgrader->skin->get_upgrade_messages() ) );
}
echo $upgrader->plugin_info();
