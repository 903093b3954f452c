<?php
/**
 * The rule index: what is protected, known here even while the sidecar is away.
 *
 * Types, terms, URL patterns and core pages stand in one autoloaded option with a checksum; single posts are marked
 * by post meta. Written only from what the sidecar answers, only through WordPress's API, so that caches follow.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const INDEX_OPTION  = 'gatepost_index';
const INDEX_VERSION = 1;
const GOVERNED_META = '_gatepost_governed';

/** So long one waits for another who is at the index. */
const INDEX_PATIENCE_SECONDS = 5;

/** How many posts' marks one run changes; the next answer's generation starts the next run. */
const INDEX_BATCH = 500;

/** The generation kept while a run is unfinished: no sidecar has it, so that the next answer asks for the rest. */
const GENERATION_UNFINISHED = -1;

/**
 * The rule index, or null when there is none or it was changed by somebody else.
 *
 * @return array|null array( 'version' => 1, 'generation' => int, 'types' => string[], 'terms' => int[],
 *                    'urls' => string[], 'core_pages' => name => post id, 'post_count' => int, 'checksum' => hex ).
 */
function index(): ?array {
	$memo = &index_memo();
	$blog = get_current_blog_id();
	if ( ! array_key_exists( $blog, $memo ) ) {
		$memo[ $blog ] = valid_index( get_option( INDEX_OPTION ) );
	}
	return $memo[ $blog ];
}

/** The generation of the index in force, for calls; 0 when there is none. */
function generation(): int {
	$index = index();
	return null === $index ? 0 : $index['generation'];
}

/** Whether a post carries a mark of its own. */
function is_marked_post( int $post_id ): bool {
	return '' !== (string) get_post_meta( $post_id, GOVERNED_META, true );
}

function &index_memo(): array {
	static $memo = array();
	return $memo;
}

/** Hooked to the option's own actions, whoever writes it. */
function forget_index_memo(): void {
	$memo = &index_memo();
	$memo = array();
}

function valid_index( $stored ): ?array {
	if ( ! is_array( $stored ) || INDEX_VERSION !== ( $stored['version'] ?? null ) || ! is_string( $stored['checksum'] ?? null ) ) {
		return null;
	}
	return hash_equals( index_checksum( $stored ), $stored['checksum'] ) ? $stored : null;
}

/** SHA-256 over the JSON of everything else, in the order in which it is stored. */
function index_checksum( array $index ): string {
	unset( $index['checksum'] );
	return hash( 'sha256', (string) wp_json_encode( $index ) );
}

/** Compare the generation that an answer names with ours; fetch the index once the visitor has his page. */
function notice_generation( int $generation ): void {
	if ( generation() !== $generation || null === index() ) {
		after_response( 'Gatepost\refetch_index' );
	}
}

/** On `init`: without a valid index governed things stay closed, so do not wait for an answer to say so. */
function want_an_index(): void {
	if ( null === index() && ! response_is_out() ) {
		after_response( 'Gatepost\refetch_index' );
	}
}

/** Fetch and store the index, once in two seconds. */
function refetch_index(): void {
	if ( ! memory()->claim( 'refetch', 2 ) ) {
		return;
	}
	one_after_another(
		function (): bool {
			$fresh = ask( '/bridge/v1/index', array() );
			return null !== $fresh && store_index( $fresh );
		}
	);
}

/** Store an index that the sidecar has sent by itself; one that is older than the index in force has been overtaken on its way. */
function take_index( array $fresh ): bool {
	return one_after_another(
		function () use ( $fresh ): bool {
			wp_cache_delete( 'alloptions', 'options' );
			forget_index_memo();
			$is_overtaken = is_int( $fresh['generation'] ?? null ) && $fresh['generation'] < generation();
			return $is_overtaken || store_index( $fresh );
		}
	);
}

/**
 * Do something with the index while nobody else does: one that was asked for earlier must not be stored later, and open what
 * was closed meanwhile. A database that knows no such locks does it all the same.
 *
 * @return bool What `$work` returns; false when the others took too long.
 */
function one_after_another( callable $work ): bool {
	global $wpdb;
	$name = 'gatepost_index_' . md5( DB_NAME . $wpdb->options );
	if ( '0' === $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', $name, INDEX_PATIENCE_SECONDS ) ) ) {
		return false;
	}
	try {
		return $work();
	} finally {
		$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $name ) );
	}
}

/**
 * Store an index as the sidecar sends it. Closing comes before opening: new marks, then the rules, then what no
 * longer stands.
 *
 * @return bool Whether all of it is stored; false when it is unfinished or has not the index's shape.
 */
function store_index( array $fresh ): bool {
	$rules = index_rules( $fresh );
	if ( null === $rules ) {
		return false;
	}
	$wanted   = array_map( 'intval', $fresh['posts'] );
	$marked   = marked_posts();
	$to_mark  = array_slice( array_diff( $wanted, $marked ), 0, INDEX_BATCH );
	$to_clear = array_slice( array_diff( $marked, $wanted ), 0, INDEX_BATCH - count( $to_mark ) );
	$finished = count( array_diff( $wanted, $marked ) ) + count( array_diff( $marked, $wanted ) ) === count( $to_mark ) + count( $to_clear );
	array_walk( $to_mark, 'Gatepost\mark_post' );
	save_rules( array( 'generation' => $finished ? $rules['generation'] : GENERATION_UNFINISHED ) + $rules );
	array_walk( $to_clear, 'Gatepost\clear_post' );
	return $finished;
}

function mark_post( int $post_id ): void {
	update_metadata( 'post', $post_id, GOVERNED_META, '1' );
}

function clear_post( int $post_id ): void {
	delete_metadata( 'post', $post_id, GOVERNED_META );
}

/** List the ids of all posts that carry a mark. */
function marked_posts(): array {
	global $wpdb;
	return array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT DISTINCT post_id FROM {$wpdb->postmeta} WHERE meta_key = %s ORDER BY post_id", GOVERNED_META ) ) );
}

/** Everything but the posts, in its stored order; null when a part is missing or of another type. */
function index_rules( array $fresh ): ?array {
	foreach ( array( 'types', 'terms', 'urls', 'posts', 'core_pages' ) as $part ) {
		if ( ! is_array( $fresh[ $part ] ?? null ) || count( $fresh[ $part ] ) !== count( array_filter( $fresh[ $part ], 'is_scalar' ) ) ) {
			return null;
		}
	}
	if ( ! is_int( $fresh['generation'] ?? null ) ) {
		return null;
	}
	return array(
		'generation' => $fresh['generation'],
		'types'      => array_map( 'strval', array_values( $fresh['types'] ) ),
		'terms'      => array_map( 'intval', array_values( $fresh['terms'] ) ),
		'urls'       => array_map( 'strval', array_values( $fresh['urls'] ) ),
		'core_pages' => array_map( 'intval', $fresh['core_pages'] ),
		'post_count' => count( $fresh['posts'] ),
	);
}

function save_rules( array $rules ): void {
	$index             = array( 'version' => INDEX_VERSION ) + $rules;
	$index['checksum'] = index_checksum( $index );
	update_option( INDEX_OPTION, $index, true );
	forget_index_memo();
}
