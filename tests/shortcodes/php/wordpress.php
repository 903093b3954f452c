<?php
/**
 * WordPress's own shortcode functions, asked by the differential test: a WordPress tree as the argument; one
 * JSON object a line on standard input, one answer a line on standard output. All texts are base64.
 */

require $argv[1] . '/wp-includes/compat.php';
require $argv[1] . '/wp-includes/plugin.php';
require $argv[1] . '/wp-includes/shortcodes.php';

function _doing_it_wrong() {
	// add_shortcode() says so about a name that it refuses.
}

function __( $text ) {
	return $text;
}

/**
 * Only the grammar is compared, so WordPress's own reading of HTML is kept from finding any: no piece is a tag.
 */
function wp_html_split( $text ) {
	return preg_split( '/(<)/', $text, -1, PREG_SPLIT_DELIM_CAPTURE );
}

/** What a callback was given, printed so that nothing of it is lost; $1 would show if output were replaced again. */
function record( $attributes, $content, $tag ) {
	return '{$1' . $tag . '|' . pairs( $attributes ) . '|' . do_shortcode( $content, true ) . '}';
}

function pairs( $attributes ) {
	$pairs = array();
	foreach ( is_array( $attributes ) ? $attributes : array() as $key => $value ) {
		$pairs[] = ( is_int( $key ) ? 'i' : 's' ) . base64_encode( (string) $key ) . '=' . base64_encode( $value );
	}
	return implode( ',', $pairs );
}

function register( $names ) {
	remove_all_shortcodes();
	foreach ( array_map( 'base64_decode', $names ) as $name ) {
		add_shortcode( $name, 'record' );
	}
}

function answer( $question ) {
	global $shortcode_tags;
	register( $question['names'] );
	$names = array_map( 'strval', array_keys( $shortcode_tags ) ); // PHP made integers of some.
	$text  = base64_decode( $question['text'] );
	$has   = array_filter( $names, static fn( $tag ) => has_shortcode( $text, $tag ) );
	return array(
		'names'      => array_map( 'base64_encode', $names ),
		'run'        => base64_encode( do_shortcode( $text, true ) ),
		'attributes' => pairs( shortcode_parse_atts( $text ) ),
		'strip'      => base64_encode( strip_shortcodes( $text ) ),
		'has'        => array_map( 'base64_encode', array_values( $has ) ),
	);
}

echo json_encode( array( 'php' => PHP_VERSION_ID ) ) . "\n";
while ( false !== ( $line = fgets( STDIN ) ) ) {
	echo json_encode( answer( json_decode( $line, true ) ) ) . "\n";
}
