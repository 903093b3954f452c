<?php
/**
 * WordPress's do_shortcode() for benchmarks/shortcodes.py: a WordPress tree as the argument; for each line of
 * base64 on standard input, the nanoseconds it took on a line of standard output.
 */

require $argv[1] . '/wp-includes/compat.php';
require $argv[1] . '/wp-includes/plugin.php';
require $argv[1] . '/wp-includes/formatting.php';
require $argv[1] . '/wp-includes/shortcodes.php';

add_shortcode( 'MM_Member_Data', static fn() => 'Alice' );
add_shortcode( 'MM_Member_Decision', static fn( $attributes, $content ) => do_shortcode( $content ) );

while ( false !== ( $line = fgets( STDIN ) ) ) {
	$text  = base64_decode( $line );
	$start = hrtime( true );
	do_shortcode( $text );
	echo hrtime( true ) - $start, "\n";
	flush();
}
