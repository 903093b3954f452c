<?php
/**
 * Comments speak of what they comment on: those of closed posts are hidden, and nobody can add one.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Filters `comments_open` and `pings_open`, last. */
function close_comments( $open, $post_id ) {
	if ( ! $open ) {
		return $open;
	}
	$post = get_post( $post_id );
	return ! $post || ! is_closed( $post );
}

/** Filter `the_comments`, last: what any comment query found. */
function show_comments( $comments ) {
	if ( ! is_array( $comments ) ) {
		return $comments;
	}
	$open = open_comments( $comments );
	count_hidden_comments( count( $comments ) - count( $open ) );
	return $open;
}

/** How many comments queries have left out since this was last asked. */
function count_hidden_comments( ?int $more = null ): int {
	static $hidden = 0;
	if ( null !== $more ) {
		$hidden += $more;
		return $hidden;
	}
	$before = $hidden;
	$hidden = 0;
	return $before;
}

/** Leave out the comments of closed posts; one call for all of them. Values that are no comments pass. */
function open_comments( array $comments ): array {
	$posts = commented_posts( $comments );
	learn_posts( array_filter( $posts, 'Gatepost\is_governed' ) );
	return array_values(
		array_filter(
			$comments,
			static function ( $comment ) use ( $posts ): bool {
				$post = $comment instanceof \WP_Comment ? ( $posts[ $comment->comment_post_ID ] ?? null ) : null;
				return null === $post || is_source_wanted( $post ) || ! is_closed( $post );
			}
		)
	);
}

/** The posts, by id, that these comments belong to, as the database has them. */
function commented_posts( array $comments ): array {
	$ids = array_unique( array_map( 'intval', wp_list_pluck( array_filter( $comments, 'Gatepost\is_a_comment' ), 'comment_post_ID' ) ) );
	_prime_post_caches( $ids, array() !== ( index()['terms'] ?? array() ), true );
	$posts = array();
	foreach ( $ids as $id ) {
		$post = get_post( $id );
		if ( $post ) {
			$posts[ $id ] = original_of( $post );
		}
	}
	return $posts;
}

function is_a_comment( $comment ): bool {
	return $comment instanceof \WP_Comment;
}

/** Comment feeds have their comments by SQL of their own; the query holds them already. */
function hide_feed_comments( \WP_Query $query ): void {
	$query->comments      = open_comments( (array) $query->comments );
	$query->comment_count = count( $query->comments );
}

/** Filters on what visitors wrote, first: a tag in a comment, its author's name or address, or a search word, is text. */
function print_visitors_text( $text ) {
	return is_string( $text ) ? tags_as_text( $text ) : $text;
}

/** Filters `comment_text`, `get_comment_text` and `comment_excerpt`, last: comments that came by get_comment(). */
function close_comment_text( $text, $comment = null ) {
	$comment = $comment instanceof \WP_Comment ? $comment : get_comment( $comment );
	$post    = $comment ? get_post( (int) $comment->comment_post_ID ) : null;
	return $post && ! is_source_wanted( original_of( $post ) ) && is_closed( $post ) ? '' : $text;
}

/** Filter `get_comments_number`, last. */
function close_comments_number( $number, $post_id ) {
	$post = get_post( (int) $post_id );
	return $post && ! is_source_wanted( original_of( $post ) ) && is_closed( $post ) ? 0 : $number;
}
