<?php
/**
 * One page view's talk with the sidecar: what was asked, what was answered, remembered until the request ends.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** What the sidecar has said about one viewer's page. */
final class Page {

	/** @var array Post id => content hash => the answer's part, or null when nobody answered. */
	public $posts = array();

	/** @var array Post id => content => excerpt => the View made of an answer: a page asks for one many times. */
	public $views = array();

	/** @var array Text hash => the answer's part, or null when nobody answered. */
	public $texts = array();

	/** @var array Key of a tag call => what was said: a text, true or false, or null when nobody answered. */
	public $calls = array();

	/** @var array Post ids that the page's own path puts under a URL rule, as keys. */
	public $under_url_rule = array();

	/** @var array What is done with the queried object: act, url, status. */
	public $object = array(
		'act'    => 'show',
		'url'    => '',
		'status' => 200,
	);

	/** @var string '' while nothing was asked, else 'public' or 'private'. */
	public $cache = '';

	/** @var int|null Until when the page may be kept, in Unix time. */
	public $until = null;

	/** @var bool Whether a first call was made. */
	public $is_asked = false;

	/** @var bool|null What the sidecar said of keeping the reading; null when it was not asked or did not answer. */
	public $is_recorded = null;

	/** @var bool Whether widgets, patterns and template parts were looked through. */
	public $is_gathered = false;

	/** @var bool Whether an answer holds a form, which needs its script and is never kept by a cache. */
	public $has_form = false;
}

/** The page of this site and this user: neither a switched blog nor a switched user ever meets another's answers. */
function page(): Page {
	static $pages = array();
	$key = get_current_blog_id() . ':' . ( is_viewerless() ? 0 : get_current_user_id() );
	if ( ! isset( $pages[ $key ] ) ) {
		$pages[ $key ] = new Page();
	}
	return $pages[ $key ];
}

/** The hash by which the sidecar knows a text; '' for one without tags. */
function hash_of( string $text ): string {
	static $known = array(); // A text is asked about several times on its way; its hash is taken once.
	if ( ! has_tags( $text ) ) {
		return '';
	}
	$known[ $text ] = $known[ $text ] ?? hash( 'sha256', $text );
	return $known[ $text ];
}

/**
 * Make sure that the answers for these posts and texts are there: one call for all that are not remembered.
 *
 * @param \WP_Post[] $posts
 * @param array      $texts Lists of array( 'text' => string, 'post' => int|null, and for a post of its own 'author' => int ).
 * @param bool       $first Whether these are the main query's; only then the view counts as a reading.
 */
function learn( array $posts, array $texts = array(), bool $first = false ): void {
	$page  = page();
	$posts = array_filter(
		by_id_and_hash( $posts ),
		static function ( \WP_Post $post ) use ( $page ): bool {
			return ! array_key_exists( hash_of( $post->post_content ), $page->posts[ $post->ID ] ?? array() );
		}
	);
	$texts = array_diff_key( by_hash( $texts ), $page->texts );
	if ( array() === $posts && array() === $texts ) {
		return;
	}
	$first  = ( $first || is_rest_request() ) && ! $page->is_asked;
	$call   = a_call( $first ? 1 : 2, $posts, $texts );
	$answer = ask_with_bodies( $call, bodies_by_hash( $posts, $texts ) );
	if ( $first ) {
		$page->is_asked = true;
	}
	remember_answer( $page, $posts, $texts, $answer, $first );
	if ( 'private' === $page->cache && did_action( 'template_redirect' ) ) {
		forbid_caching(); // A straggler has made the page private after its headers were chosen.
	}
}

function by_id_and_hash( array $posts ): array {
	$keyed = array();
	foreach ( $posts as $post ) {
		$keyed[ $post->ID . ':' . hash_of( $post->post_content ) ] = $post;
	}
	return $keyed;
}

function by_hash( array $texts ): array {
	$keyed = array();
	foreach ( $texts as $text ) {
		if ( has_tags( $text['text'] ) ) {
			$keyed[ hash_of( $text['text'] ) ] = $text;
		}
	}
	return $keyed;
}

/** The texts that a call speaks of by hash. */
function bodies_by_hash( array $posts, array $texts ): array {
	$bodies = wp_list_pluck( $texts, 'text' );
	foreach ( $posts as $post ) {
		$bodies[ hash_of( $post->post_content ) ] = $post->post_content;
	}
	return $bodies;
}

function a_call( int $part, array $posts, array $texts ): array {
	if ( array() !== $posts ) { // In one query, which WordPress would make a moment later, instead of one for each taxonomy.
		update_object_term_cache( array_values( wp_list_pluck( $posts, 'ID' ) ), array_values( array_unique( wp_list_pluck( $posts, 'post_type' ) ) ) );
	}
	$call = array(
		'part'       => $part,
		'view'       => the_view(),
		'viewer'     => viewer(),
		'posts'      => array_values( array_map( 'Gatepost\post_in_a_call', $posts ) ),
		'texts'      => array(),
		'generation' => generation(),
	);
	foreach ( $texts as $hash => $text ) {
		$call['texts'][] = array(
			'hash'   => (string) $hash,
			'post'   => $text['post'],
			'author' => $text['author'] ?? null,
		);
	}
	return $call;
}

function post_in_a_call( \WP_Post $post ): array {
	return array(
		'id'       => $post->ID,
		'type'     => $post->post_type,
		'terms'    => term_ids_of( $post ),
		'path'     => path_of( $post ),
		'hash'     => hash_of( $post->post_content ),
		'editor'   => is_never_shut_out( $post ),
		'governed' => has_a_rule( $post ),
	);
}

/** Ask; where the sidecar has not got a text, ask once more with it. The reading was counted the first time. */
function ask_with_bodies( array $call, array $bodies ): ?array {
	$answer = ask( '/bridge/v1/page', $call );
	if ( null === $answer ) {
		return null;
	}
	handle_answer( $answer );
	$needed = array_intersect_key( $bodies, needed_hashes( $call, $answer ) );
	if ( array() === $needed ) {
		return $answer;
	}
	$call['view']['count'] = false;
	$call['bodies']        = array_map( 'base64_encode', $needed );
	$complete              = ask( '/bridge/v1/page', $call );
	if ( null === $complete ) {
		return $answer;
	}
	handle_answer( $complete );
	return array( 'recorded' => $answer['recorded'] ?? false ) + $complete;
}

/** The hashes, as keys, that an answer says it has no text for. */
function needed_hashes( array $call, array $answer ): array {
	$hashes = array();
	foreach ( $call['posts'] as $post ) {
		if ( ! empty( $answer['posts'][ $post['id'] ]['need'] ) ) {
			$hashes[ $post['hash'] ] = true;
		}
	}
	foreach ( $call['texts'] as $text ) {
		if ( ! empty( $answer['texts'][ $text['hash'] ]['need'] ) ) {
			$hashes[ $text['hash'] ] = true;
		}
	}
	unset( $hashes[''] );
	return $hashes;
}

/** Keep what was answered; what was asked and not answered is remembered as null, and stays closed. */
function remember_answer( Page $page, array $posts, array $texts, ?array $answer, bool $first ): void {
	$said_of_posts = is_array( $answer['posts'] ?? null ) ? $answer['posts'] : array();
	$said_of_texts = is_array( $answer['texts'] ?? null ) ? $answer['texts'] : array();
	remember_volunteered( $page, $said_of_posts, $said_of_texts );
	foreach ( $posts as $post ) {
		$hash                               = hash_of( $post->post_content );
		$page->posts[ $post->ID ][ $hash ] = usable_part( $said_of_posts[ $post->ID ] ?? null, $hash );
	}
	foreach ( array_keys( $texts ) as $hash ) {
		$page->texts[ $hash ] = usable_part( $said_of_texts[ $hash ] ?? null, (string) $hash );
	}
	$page->has_form = $page->has_form || has_a_form( array( $said_of_posts, $said_of_texts ) );
	$page->cache    = $page->has_form ? 'private' : cache_after( $page->cache, $answer );
	if ( is_int( $answer['page']['until'] ?? null ) ) {
		$page->until = min( $page->until ?? PHP_INT_MAX, $answer['page']['until'] );
	}
	if ( $first ) {
		$page->is_recorded = null === $answer ? null : ! empty( $answer['recorded'] );
		$page->object      = object_part( $answer['object'] ?? null );
	}
}

/** What is done with the queried object, in its full shape. */
function object_part( $said ): array {
	$said = is_array( $said ) ? array_filter( $said, 'is_scalar' ) : array();
	return array(
		'act'    => (string) ( $said['act'] ?? 'show' ),
		'url'    => (string) ( $said['url'] ?? '' ),
		'status' => (int) ( $said['status'] ?? 200 ),
	);
}

/** The sidecar learns which texts follow on a page and sends them unasked. Posts among them must name their hash. */
function remember_volunteered( Page $page, array $posts, array $texts ): void {
	foreach ( $posts as $id => $part ) {
		if ( is_array( $part ) && is_string( $part['hash'] ?? null ) ) {
			$page->posts[ (int) $id ][ $part['hash'] ] = usable_part( $part, $part['hash'] );
		}
	}
	foreach ( $texts as $hash => $part ) {
		$page->texts[ $hash ] = usable_part( $part, (string) $hash );
	}
}

/** A part of an answer, or null when it is about another text, or about one that the sidecar has not got. */
function usable_part( $part, string $hash ): ?array {
	if ( ! is_array( $part ) || ! empty( $part['need'] ) || ( $part['hash'] ?? $hash ) !== $hash ) {
		return null;
	}
	return $part;
}

/** One private answer makes the page private; no answer does too, for what it leaves out is there tomorrow. */
function cache_after( string $before, ?array $answer ): string {
	return 'private' !== $before && 'public' === ( $answer['page']['cache'] ?? '' ) ? 'public' : 'private';
}

/** Whether the viewer is never refused this post: an administrator, or somebody who may edit it; not in a preview. */
function is_never_shut_out( \WP_Post $post ): bool {
	$viewer = viewer();
	return null !== $viewer && null === preview() && ( $viewer['administrator'] || current_user_can( 'edit_post', $post->ID ) );
}
