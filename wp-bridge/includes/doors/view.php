<?php
/**
 * What a post is to this viewer: open or closed, and with which text.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** What one viewer may see of one post. */
final class View {

	/** @var bool */
	public $is_closed = false;

	/** @var bool Whether nobody could be asked. */
	public $is_unanswered = false;

	/** @var string The post's text: of an open post all of it, of a closed one what may be shown, tags replaced. */
	public $text = '';

	/** @var string Of a closed post: the written excerpt where it may be shown. Of an open one: its excerpt. */
	public $excerpt = '';

	/** @var string HTML that stands for what is not shown. */
	public $notice = '';
}

/** Whether anything about this post depends on who looks. */
function has_a_view( \WP_Post $post ): bool {
	return is_governed( $post ) || has_tags( $post->post_content ) || has_tags( $post->post_excerpt );
}

/** Whether the sidecar must be asked about this post. */
function must_be_asked( \WP_Post $post ): bool {
	return has_tags( $post->post_content ) || ( is_governed( $post ) && ! is_never_shut_out( $post ) );
}

/**
 * Learn everything about these posts in one call.
 *
 * @param \WP_Post[] $posts As the database has them.
 */
function learn_posts( array $posts, array $texts = array(), bool $first = false ): void {
	$asked = array();
	foreach ( $posts as $post ) {
		$host = host_of( $post );
		array_push( $asked, ...array_filter( null === $host ? array( $post ) : array( $post, without_text( $host ) ), 'Gatepost\must_be_asked' ) );
		$texts[] = array(
			'text' => $post->post_excerpt,
			'post' => $post->ID,
		);
	}
	learn( $asked, $texts, $first );
}

/** A post of which only the rules count, not the text. */
function without_text( \WP_Post $post ): \WP_Post {
	$bare               = clone $post;
	$bare->post_content = '';
	return $bare;
}

/** The view of a post, which must be as the database has it. */
function view_of( \WP_Post $post ): View {
	if ( ! has_a_view( $post ) ) {
		return open_view( $post->post_content, $post->post_excerpt );
	}
	learn_posts( array( $post ) );
	$host = host_of( $post );
	if ( null !== $host && view_of( without_text( $host ) )->is_closed ) {
		return view_behind( view_of( without_text( $host ) ) );
	}
	$answer = page()->posts[ $post->ID ][ hash_of( $post->post_content ) ] ?? null;
	if ( null === $answer ) {
		return view_by_answer( $post, null );
	}
	$made = &page()->views[ $post->ID ][ $post->post_content ][ $post->post_excerpt ];
	$made = $made ?? view_by_answer( $post, $answer );
	return $made;
}

function open_view( string $text, string $excerpt ): View {
	$view          = new View();
	$view->text    = $text;
	$view->excerpt = $excerpt;
	return $view;
}

/** What hangs on a closed post shows the notice of that post and nothing else. */
function view_behind( View $host ): View {
	$view          = clone $host;
	$view->text    = $host->notice;
	$view->excerpt = '';
	return $view;
}

function view_by_answer( \WP_Post $post, ?array $answer ): View {
	$rendered = null === $answer ? null : apply_splices( $post->post_content, $answer['splices'] ?? array() );
	$excerpt  = render_text( $post->post_excerpt, $post->ID );
	$is_open  = null === $rendered ? ! is_governed( $post ) : 'open' === ( $answer['show'] ?? '' );
	if ( $is_open || is_never_shut_out( $post ) ) {
		return open_view( $rendered ?? without_tags( $post->post_content ), $excerpt );
	}
	return closed_view( $post, null === $rendered ? null : $answer, $excerpt );
}

/** Nothing but what the answer explicitly allows. */
function closed_view( \WP_Post $post, ?array $answer, string $excerpt ): View {
	$view                = new View();
	$view->is_closed     = true;
	$view->is_unanswered = null === $answer;
	$view->notice        = null === $answer ? away_notice() : ( is_string( $answer['notice'] ?? null ) ? $answer['notice'] : '' );
	$view->excerpt       = empty( $answer['excerpt'] ) ? '' : $excerpt;
	$lead                = empty( $answer['lead'] ) ? '' : rendered_lead( $post->post_content, $answer['splices'] ?? array() );
	$view->text          = trim( $lead . "\n\n" . $view->notice );
	return $view;
}

/** The text before `<!--more-->` after its splices, with its elements and blocks closed; '' where there is none. */
function rendered_lead( string $source, array $splices ): string {
	$end = lead_end( $source );
	if ( null === $end ) {
		return '';
	}
	$lead = apply_splices( substr( $source, 0, $end ), clipped_splices( $splices, $end ) );
	return null === $lead ? '' : force_balance_tags( without_tags( $lead ) );
}

/** Where the text before `<!--more-->`, and before the block round it, ends, in bytes; null where there is no such mark. */
function lead_end( string $source ): ?int {
	$more = strpos( $source, '<!--more' );
	if ( false === $more || false === strpos( $source, '-->', $more ) ) {
		return null;
	}
	$before = substr( $source, max( 0, $more - 1000 ), min( 1000, $more ) );
	return 1 === preg_match( '/<!--\s*wp:more\b[^>]*-->\s*\z/', $before, $block ) ? $more - strlen( $block[0] ) : $more;
}

/** The splices that begin before this place, none reaching beyond it. What is no splice stays, and is refused later. */
function clipped_splices( array $splices, int $end ): array {
	$clipped = array();
	foreach ( $splices as $splice ) {
		if ( is_splice( $splice ) && $splice[1] > $end ) {
			$splice = $splice[0] < $end ? array( $splice[0], $end, $splice[2] ) : null;
		}
		if ( null !== $splice ) {
			$clipped[] = $splice;
		}
	}
	return $clipped;
}

function away_notice(): string {
	return '<p class="gatepost-notice">' . esc_html__( 'This content is for members. It cannot be shown right now; please try again in a few minutes.', 'gatepost' ) . '</p>';
}

/**
 * Render a whole text: a widget, a pattern, an excerpt. Without an answer its tags vanish.
 *
 * $post_id: the post that it stands in. $author_id: of a text that stands in none, who has written it; 0 when nobody
 * knows, null for what only those can write who look after the site.
 */
function render_text( string $text, ?int $post_id = null, ?int $author_id = null ): string {
	if ( ! has_tags( $text ) ) {
		return $text;
	}
	$asked = array(
		'text'   => $text,
		'post'   => $post_id,
		'author' => $author_id,
	);
	if ( ! array_key_exists( hash_of( $text ), page()->texts ) ) {
		learn( array(), array_merge( array( $asked ), stragglers() ) );
	}
	$answer = page()->texts[ hash_of( $text ) ] ?? null;
	return ( null === $answer ? null : apply_splices( $text, $answer['splices'] ?? null ) ) ?? without_tags( $text );
}
