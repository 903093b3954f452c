<?php
/*
 * The configuration of every site of the bed. BED_SITE, from the web server or the environment, is the
 * site's folder; its site.json holds what differs.
 */

$bed_site = $_SERVER['BED_SITE'];
putenv( "BED_SITE=$bed_site" ); // the sendmail of the bed wants to know whose mail it is

$bed = json_decode( file_get_contents( "$bed_site/site.json" ), true, 512, JSON_THROW_ON_ERROR );

foreach ( $bed['constants'] as $bed_name => $bed_value ) {
	define( $bed_name, $bed_value );
}

$bed_defaults = array(
	'DB_NAME'                    => $bed['database'],
	'DB_USER'                    => $bed['user'],
	'DB_PASSWORD'                => $bed['password'],
	'DB_HOST'                    => "localhost:{$bed['socket']}",
	'DB_CHARSET'                 => 'utf8mb4',
	'DB_COLLATE'                 => '',
	'WP_HOME'                    => $bed['url'],
	'WP_SITEURL'                 => $bed['url'],
	'WP_CONTENT_DIR'             => "$bed_site/wp-content",
	'WP_CONTENT_URL'             => "{$bed['url']}/wp-content",
	'FS_METHOD'                  => 'direct',
	'WP_DEBUG'                   => true,
	'WP_DEBUG_LOG'               => "$bed_site/debug.log",
	'WP_DEBUG_DISPLAY'           => false,
	'WP_DISABLE_FATAL_ERROR_HANDLER' => true,
	'DISABLE_WP_CRON'            => true,
	'AUTOMATIC_UPDATER_DISABLED' => true,
	'WP_HTTP_BLOCK_EXTERNAL'     => true, // calls to outside would wait for an answer that never comes
	'WP_ACCESSIBLE_HOSTS'        => '127.0.0.1,localhost',
	'WP_MEMORY_LIMIT'            => '256M',
);
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $bed_name ) {
	$bed_defaults[ "{$bed_name}_KEY" ]  = hash( 'sha256', "{$bed['password']} $bed_name key" );
	$bed_defaults[ "{$bed_name}_SALT" ] = hash( 'sha256', "{$bed['password']} $bed_name salt" );
}
foreach ( $bed_defaults as $bed_name => $bed_value ) {
	defined( $bed_name ) || define( $bed_name, $bed_value );
}

$table_prefix = $bed['prefix'];
