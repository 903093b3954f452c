<?php
/**
 * What tags say to a theme's code: the calls behind functions/tag-functions.php, asked for together.
 *
 * The first call that has no answer yet brings along the others that stand in the same file, and those that other pages
 * have made: so ten of them on a page are one question.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** The option that keeps which calls pages make; a theme that writes them with variables is learnt by it. */
const CALLS_OPTION = 'gatepost_calls';

/** So many are brought along at most. */
const MAX_CALLS = 500;

/** A file that is longer is not looked through, in bytes. */
const MAX_CALLING_FILE = 500000;

/** A function of functions/tag-functions.php with attributes that are written out. */
const WRITTEN_CALL = '/\b(mm_[a-z_]+)\s*\(\s*(?:(?:array\s*\(|\[)((?:\s*([\'"])[^\'"\\\\]*\3\s*=>\s*([\'"])[^\'"\\\\]*\4\s*,?)*)\s*[\)\]]\s*)?\)/';

/** Tags that may speak of the post in whose template they stand. */
const ABOUT_A_POST = '/\AMM_(?:Access|Content|Order|Product)_/';

/** On `plugins_loaded`, last. */
function load_tag_functions(): void {
	if ( owns_tags() ) {
		require_once GATEPOST_DIR . '/functions/tag-functions.php';
	}
}

/** A data tag's text, escaped; '' while nobody can say. */
function tag_text( string $tag, $attributes ): string {
	$said = said_of_call( $tag, $attributes );
	return is_string( $said ) ? str_replace( '[', '&#091;', esc_html( $said ) ) : '';
}

/** A link's address, escaped; '' while nobody can say. */
function tag_url( string $tag, $attributes ): string {
	$said = said_of_call( $tag, $attributes );
	return is_string( $said ) ? esc_url( $said ) : '';
}

/** Whether a decision holds; false while nobody can say. */
function tag_holds( string $tag, $attributes ): bool {
	return true === said_of_call( $tag, $attributes );
}

/** @return string|bool|null */
function said_of_call( string $tag, $attributes ) {
	$call = a_tag_call( $tag, is_array( $attributes ) ? $attributes : array() );
	if ( ! array_key_exists( key_of_call( $call ), page()->calls ) ) {
		ask_for_calls( $call, array_merge( calls_beside( calling_file() ), (array) get_option( CALLS_OPTION, array() ) ) );
	}
	return page()->calls[ key_of_call( $call ) ] ?? null;
}

function a_tag_call( string $tag, array $attributes ): array {
	$texts = array();
	foreach ( $attributes as $name => $value ) {
		$texts[ substr( (string) $name, 0, 100 ) ] = is_bool( $value ) ? ( $value ? 'true' : 'false' ) : ( is_scalar( $value ) ? substr( (string) $value, 0, 4000 ) : '' );
	}
	return array(
		'tag'        => $tag,
		'attributes' => (object) $texts,
		'post'       => 1 === preg_match( ABOUT_A_POST, $tag ) ? current_post()->ID ?? null : null,
	);
}

function key_of_call( array $call ): string {
	return md5( (string) wp_json_encode( $call ) );
}

/** Ask for a call, and in the same breath for others: array( tag, attributes ), in the present post. */
function ask_for_calls( array $call, array $others ): void {
	$calls = array( key_of_call( $call ) => $call );
	foreach ( $others as $other ) {
		if ( is_array( $other ) && is_string( $other[0] ?? null ) && is_array( $other[1] ?? null ) && count( $calls ) < MAX_CALLS ) {
			$one                          = a_tag_call( $other[0], $other[1] );
			$calls[ key_of_call( $one ) ] = $one;
		}
	}
	$calls  = array_diff_key( $calls, page()->calls );
	$answer = ask( '/bridge/v1/page', a_call( 2, array(), array() ) + array( 'calls' => array_values( $calls ) ) );
	if ( null !== $answer ) {
		handle_answer( $answer );
	}
	$said = is_array( $answer['calls'] ?? null ) ? array_values( $answer['calls'] ) : array();
	foreach ( array_keys( $calls ) as $place => $key ) {
		page()->calls[ $key ] = $said[ $place ] ?? null;
	}
	remember_answer( page(), array(), array(), $answer, false );
	if ( 'private' === page()->cache && did_action( 'template_redirect' ) ) {
		forbid_caching();
	}
	learn_call( $call, $others );
}

/** Note a call that pages make, unless it would be brought along anyway; it is kept after the response. */
function learn_call( array $call, array $others ): void {
	$new = array( $call['tag'], (array) $call['attributes'] );
	if ( in_array( $new, $others, true ) ) {
		return;
	}
	$learnt = &learnt_calls();
	if ( array() === $learnt ) {
		after_response( 'Gatepost\keep_calls', array() );
	}
	$learnt[] = $new;
}

/** What this request has learnt: lists of array( tag, attributes ). */
function &learnt_calls(): array {
	static $calls = array();
	return $calls;
}

/** The newest first; what goes beyond the most is forgotten, and costs a question of its own again. */
function keep_calls(): void {
	$kept = array_merge( learnt_calls(), (array) get_option( CALLS_OPTION, array() ) );
	update_option( CALLS_OPTION, array_slice( array_values( array_unique( $kept, SORT_REGULAR ) ), 0, MAX_CALLS - 1 ), false );
}

/** The file that has called the tag function. */
function calling_file(): string {
	foreach ( debug_backtrace( DEBUG_BACKTRACE_IGNORE_ARGS, 8 ) as $frame ) { // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- a file's name is all that is wanted.
		if ( isset( $frame['file'] ) && 0 !== strpos( $frame['file'], GATEPOST_DIR . '/' ) ) {
			return $frame['file'];
		}
	}
	return '';
}

/** The calls with attributes that are written out in a file: lists of array( tag, attributes ). */
function calls_beside( string $file ): array {
	static $known = array();
	if ( ! isset( $known[ $file ] ) ) {
		$known[ $file ] = is_readable( $file ) && filesize( $file ) <= MAX_CALLING_FILE ? calls_written_in( (string) file_get_contents( $file ) ) : array(); // phpcs:ignore WordPress.WP.AlternativeFunctions -- a file of this site.
	}
	return $known[ $file ];
}

function calls_written_in( string $code ): array {
	$calls = array();
	preg_match_all( WRITTEN_CALL, $code, $found, PREG_SET_ORDER );
	foreach ( array_slice( $found, 0, MAX_CALLS ) as $match ) {
		$tag = tag_of_function( $match[1] );
		preg_match_all( '/([\'"])([^\'"]*)\1\s*=>\s*([\'"])([^\'"]*)\3/', $match[2] ?? '', $pairs );
		if ( '' !== $tag ) {
			$calls[] = array( $tag, array() === $pairs[2] ? array() : array_combine( $pairs[2], $pairs[4] ) );
		}
	}
	return $calls;
}

/** `mm_member_data` → `MM_Member_Data`; '' for no tag that has a function. */
function tag_of_function( string $name ): string {
	foreach ( TAG_NAMES as $tag ) {
		if ( strtolower( $tag ) === $name && 'MM_Else' !== $tag && 0 === preg_match( '/\AMM_(?:Form|Mail)/', $tag ) ) {
			return $tag;
		}
	}
	return '';
}
