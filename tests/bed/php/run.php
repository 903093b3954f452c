<?php
/*
 * php run.php TREE [ARGUMENT...] < CODE: run PHP code inside a site, with $args.
 * What it prints is the answer; an exception, wp_die() or fatal error ends with its text on stderr and status 1.
 */

$bed_loaded = false;
register_shutdown_function(
	function () use ( &$bed_loaded ) {
		if ( ! $bed_loaded ) {
			fwrite( STDERR, 'WordPress ended before it had loaded' );
			exit( 1 );
		}
	}
);

$bed_code = file_get_contents( 'php://stdin' );
$args     = array_slice( $argv, 2 );

$bed_url  = json_decode( file_get_contents( $_SERVER['BED_SITE'] . '/site.json' ), true )['url'];
$_SERVER += array(
	'HTTP_HOST'       => substr( $bed_url, strlen( 'http://' ) ),
	'SERVER_NAME'     => '127.0.0.1',
	'SERVER_PROTOCOL' => 'HTTP/1.1',
	'REQUEST_METHOD'  => 'GET',
	'REQUEST_URI'     => '/',
	'REMOTE_ADDR'     => '127.0.0.1',
);

function bed_fail( Throwable $thrown ): void {
	fwrite( STDERR, get_class( $thrown ) . ': ' . $thrown->getMessage() . "\n" . $thrown->getTraceAsString() . "\n" );
	exit( 1 );
}
set_exception_handler( 'bed_fail' );

if ( getenv( 'BED_INSTALLS' ) ) {
	define( 'WP_INSTALLING', true );
	function wp_new_blog_notification() {} // pluggable: no mail to the owner
}
require $argv[1] . '/wp-load.php';
$bed_loaded = true;

add_filter(
	'wp_die_handler',
	fn() => function ( $message ) {
		throw new RuntimeException( 'wp_die: ' . ( is_wp_error( $message ) ? $message->get_error_message() : $message ) );
	}
);
eval( $bed_code );
