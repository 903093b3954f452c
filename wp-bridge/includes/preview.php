<?php
/**
 * Looking at a page as somebody else: for administrators, by a signed cookie of an hour, marked by a bar.
 *
 * Only what Gatepost decides and prints is previewed: to WordPress, its theme and other plugins the administrator is
 * who he is.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const PREVIEW_COOKIE  = 'gatepost_preview';
const PREVIEW_SECONDS = HOUR_IN_SECONDS;
const PREVIEW_NONCE   = 'gatepost_preview_nonce';

/** As whom this request's page is seen, as `viewer.preview` of docs/protocol.md; null: as the viewer himself. */
function preview(): ?array {
	static $known = array(); // Asked on each post; the cookie does not change meanwhile.
	if ( ! is_preview_possible() ) {
		return null;
	}
	$key = get_current_blog_id() . ':' . get_current_user_id();
	if ( ! array_key_exists( $key, $known ) ) {
		$known[ $key ] = preview_in_cookie( (string) ( $_COOKIE[ PREVIEW_COOKIE ] ?? '' ) ); // phpcs:ignore WordPress.Security -- its signature is checked.
	}
	return $known[ $key ];
}

/** A page that an administrator looks at; never wp-admin, REST, AJAX, feeds or the command line. */
function is_preview_possible(): bool {
	return isset( $_COOKIE[ PREVIEW_COOKIE ] ) && is_preview_allowed();
}

function is_preview_allowed(): bool {
	return ! is_admin() && ! is_rest_request() && ! wp_doing_ajax() && ! is_viewerless() && is_user_logged_in() && is_administrator( get_current_user_id() );
}

/** The cookie's value for this administrator and his present session. */
function preview_cookie( array $preview ): string {
	$body = (string) wp_json_encode(
		array(
			'user'    => get_current_user_id(),
			'session' => session_mark(),
			'until'   => time() + PREVIEW_SECONDS,
			'preview' => $preview,
		)
	);
	return rtrim( strtr( base64_encode( $body ), '+/', '-_' ), '=' ) . '.' . preview_signature( $body );
}

/** What a cookie says, if this administrator has made it in this very session, on this site, and within the hour. */
function preview_in_cookie( string $cookie ): ?array {
	list( $encoded, $signature ) = explode( '.', $cookie, 2 ) + array( 1 => '' );
	$body                        = (string) base64_decode( strtr( $encoded, '-_', '+/' ), true );
	if ( ! hash_equals( preview_signature( $body ), $signature ) ) {
		return null;
	}
	$said  = json_decode( $body, true );
	$is_my = get_current_user_id() === ( $said['user'] ?? 0 ) && session_mark() === ( $said['session'] ?? '' ) && time() < ( $said['until'] ?? 0 );
	return $is_my && is_array( $said['preview'] ?? null ) ? $said['preview'] : null;
}

function preview_signature( string $body ): string {
	return hash_hmac( 'sha256', 'gatepost-preview' . get_current_blog_id() . "\n" . $body, wp_salt( 'auth' ) );
}

/** What a session is known by here; the token itself goes nowhere. */
function session_mark(): string {
	return hash( 'sha256', 'gatepost-preview' . wp_get_session_token() );
}

/** On `init`: the bar's form was sent. */
function choose_preview(): void {
	$asked = $_POST['gatepost_preview'] ?? null; // phpcs:ignore WordPress.Security -- the nonce is checked below.
	if ( ! is_array( $asked ) || ! is_preview_allowed() ) {
		return;
	}
	$nonce = $_POST[ PREVIEW_NONCE ] ?? ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput
	if ( ! is_string( $nonce ) || ! wp_verify_nonce( wp_unslash( $nonce ), 'gatepost_preview' ) ) {
		wp_die( esc_html__( 'This page was open for too long. Please go back, reload it and choose again.', 'gatepost' ), '', array( 'response' => 403 ) );
	}
	$asked   = wp_unslash( $asked );
	$preview = isset( $asked['end'] ) ? null : preview_asked_for( $asked );
	set_preview_cookie( null === $preview ? '' : preview_cookie( $preview ) );
	wp_safe_redirect( address_without_preview(), 303 );
	exit;
}

function set_preview_cookie( string $value ): void {
	setcookie(
		PREVIEW_COOKIE,
		$value,
		array(
			'expires'  => '' === $value ? time() - DAY_IN_SECONDS : time() + PREVIEW_SECONDS,
			'path'     => COOKIEPATH ? COOKIEPATH : '/',
			'domain'   => (string) COOKIE_DOMAIN,
			'secure'   => is_ssl(),
			'httponly' => true,
			'samesite' => 'Lax',
		)
	);
}

/** What the form says, as the sidecar wants it; a login that is nobody's, and anything else, is a visitor. */
function preview_asked_for( array $asked ): array {
	$login = trim( is_string( $asked['login'] ?? null ) ? $asked['login'] : '' );
	if ( '' !== $login ) {
		$user = get_user_by( is_email( $login ) ? 'email' : 'login', $login );
		return $user ? array(
			'kind' => 'user',
			'user' => $user->ID,
		) : array( 'kind' => 'visitor' );
	}
	$level = (int) ( is_string( $asked['level'] ?? null ) ? $asked['level'] : 0 );
	if ( $level < 1 ) {
		return array( 'kind' => 'visitor' );
	}
	return array(
		'kind'    => 'member',
		'level'   => $level,
		'bundles' => array_values( array_map( 'absint', array_slice( array_filter( (array) ( $asked['bundles'] ?? array() ), 'is_scalar' ), 0, 100 ) ) ),
		'status'  => sanitize_key( is_string( $asked['status'] ?? null ) ? $asked['status'] : 'active' ),
		'days'    => absint( is_string( $asked['days'] ?? null ) ? $asked['days'] : 0 ),
	);
}

/** This page's own address, without the parameter that opens the bar. */
function address_without_preview(): string {
	return remove_query_arg( 'gatepost_preview', request_uri() );
}

/** Whether the bar stands on this page: in a preview, and where one is being chosen. */
function is_bar_wanted(): bool {
	return is_preview_allowed() && ( null !== preview() || isset( $_GET['gatepost_preview'] ) ); // phpcs:ignore WordPress.Security.NonceVerification -- it shows a form.
}

/** On `admin_bar_menu`. */
function add_preview_link( \WP_Admin_Bar $bar ): void {
	if ( is_preview_allowed() && null !== pairing() ) {
		$bar->add_node(
			array(
				'id'    => 'gatepost-preview',
				'title' => esc_html__( 'View as…', 'gatepost' ),
				'href'  => esc_url( add_query_arg( 'gatepost_preview', 'choose', request_uri() ) . '#gatepost-preview' ),
			)
		);
	}
}

/** On `wp_enqueue_scripts`. */
function enqueue_preview_style(): void {
	if ( is_bar_wanted() ) {
		wp_enqueue_style( 'gatepost-preview', plugins_url( 'assets/preview.css', GATEPOST_FILE ), array(), GATEPOST_VERSION );
	}
}

/** On `wp_footer`, late: the bar. It must not count as a page of its own, and no cache keeps it. */
function print_preview_bar(): void {
	if ( ! is_bar_wanted() ) {
		return;
	}
	forbid_caching();
	$object = is_singular() ? get_queried_object() : null;
	$said   = ask(
		'/bridge/v1/preview',
		array(
			'viewer'   => viewer(),
			'post'     => $object instanceof \WP_Post ? $object->ID : 0,
			'language' => determine_locale(),
		)
	);
	echo '<div id="gatepost-preview" role="region" aria-label="' . esc_attr__( 'Preview', 'gatepost' ) . '">';
	if ( null === $said ) {
		echo '<p>' . esc_html__( 'The service does not answer, so nobody can say what others see.', 'gatepost' ) . '</p></div>';
		return;
	}
	print_seen_as( (string) ( $said['seen_as'] ?? '' ) );
	print_preview_form( $said );
	print_marks( is_array( $said['marks'] ?? null ) ? $said['marks'] : array() );
	echo '</div>';
}

function print_seen_as( string $name ): void {
	echo '<p><strong>' . esc_html__( 'Preview', 'gatepost' ) . '</strong> ';
	/* translators: %s: as whom the page is seen. */
	echo '' === $name ? esc_html__( 'You see this page as yourself.', 'gatepost' ) : esc_html( sprintf( __( 'You see this page as %s.', 'gatepost' ), $name ) );
	if ( null !== preview() && 'redirect' === page()->object['act'] ) {
		/* translators: %s: an address. */
		echo ' ' . esc_html( sprintf( __( 'From here one is led to %s.', 'gatepost' ), page()->object['url'] ) );
	}
	echo '</p>';
}

function print_preview_form( array $said ): void {
	echo '<details' . ( null === preview() ? ' open' : '' ) . '><summary>' . esc_html__( 'View as…', 'gatepost' ) . '</summary>';
	echo '<form method="post" action="' . esc_url( address_without_preview() ) . '">';
	wp_nonce_field( 'gatepost_preview', PREVIEW_NONCE, false );
	print_choice( 'level', __( 'Level', 'gatepost' ), array_merge( array( array( 0, __( 'none: a visitor', 'gatepost' ) ) ), pairs_of( $said['levels'] ?? null ) ), (string) ( preview()['level'] ?? 0 ) );
	foreach ( pairs_of( $said['bundles'] ?? null ) as $pair ) {
		$checked = in_array( (int) $pair[0], preview()['bundles'] ?? array(), true ) ? ' checked' : '';
		echo '<label><input type="checkbox" name="gatepost_preview[bundles][]" value="' . esc_attr( (string) $pair[0] ) . '"' . esc_attr( $checked ) . '> ' . esc_html( (string) $pair[1] ) . '</label> ';
	}
	print_choice( 'status', __( 'Status', 'gatepost' ), pairs_of( $said['statuses'] ?? null ), (string) ( preview()['status'] ?? 'active' ) );
	echo '<label>' . esc_html__( 'Day', 'gatepost' ) . ' <input type="number" min="0" max="36500" name="gatepost_preview[days]" value="' . esc_attr( (string) ( preview()['days'] ?? 0 ) ) . '"></label> ';
	echo '<label>' . esc_html__( 'or one member, by user name or e-mail address', 'gatepost' ) . ' <input type="text" name="gatepost_preview[login]" autocomplete="off"></label> ';
	echo '<button>' . esc_html__( 'View', 'gatepost' ) . '</button> ';
	if ( null !== preview() ) {
		echo '<button name="gatepost_preview[end]" value="1">' . esc_html__( 'As myself again', 'gatepost' ) . '</button>';
	}
	echo '</form></details>';
}

function print_choice( string $name, string $label, array $pairs, string $chosen ): void {
	echo '<label>' . esc_html( $label ) . ' <select name="' . esc_attr( "gatepost_preview[{$name}]" ) . '">';
	foreach ( $pairs as $pair ) {
		echo '<option value="' . esc_attr( (string) $pair[0] ) . '"' . selected( $chosen, (string) $pair[0], false ) . '>' . esc_html( (string) $pair[1] ) . '</option>';
	}
	echo '</select></label> ';
}

/** Lists of two out of an answer. */
function pairs_of( $said ): array {
	return array_filter(
		is_array( $said ) ? $said : array(),
		static function ( $pair ): bool {
			return is_array( $pair ) && isset( $pair[0], $pair[1] ) && is_scalar( $pair[0] ) && is_scalar( $pair[1] );
		}
	);
}

/** What is wrong in the page's text. */
function print_marks( array $marks ): void {
	if ( array() === $marks ) {
		return;
	}
	/* translators: %s: a number. */
	echo '<details><summary>' . esc_html( sprintf( _n( '%s note on this text', '%s notes on this text', count( $marks ), 'gatepost' ), number_format_i18n( count( $marks ) ) ) ) . '</summary><ul>';
	foreach ( $marks as $mark ) {
		/* translators: 1: line, 2: column, 3: a sentence. */
		echo '<li>' . esc_html( sprintf( __( 'Line %1$s, column %2$s: %3$s', 'gatepost' ), (int) ( $mark['line'] ?? 0 ), (int) ( $mark['column'] ?? 0 ), (string) ( $mark['message'] ?? '' ) ) ) . '</li>';
	}
	echo '</ul></details>';
}
