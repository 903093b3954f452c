<?php
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Gatepost test site', 'admin', 'admin@example.test', true, '', 'admin-pass' );
update_option( 'permalink_structure', '/%postname%/' );
$GLOBALS['wp_rewrite']->init();
$GLOBALS['wp_rewrite']->flush_rules( false );
delete_option( 'core_updater.lock' );
