<?php
/**
 * The dashboard: its entry in the admin menu, and /gatepost/, where a browser's requests are handed to the sidecar and
 * its answers printed. Who may see what is the sidecar's business: its own session, in a cookie of its own.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const DASHBOARD_SLUG   = 'gatepost';
const DASHBOARD_COOKIE = 'gatepost_dashboard';
const DASHBOARD_ROUTE  = '/bridge/v1/dashboard';

/** So many bytes a form has at most. */
const DASHBOARD_MAX_BYTES = 1048576;

/** A click may charge a card, and waits for the gateway. */
const DASHBOARD_TIMEOUT_MS = 25000;

/** A piece of an export after the other, and so many at most. */
const DASHBOARD_MAX_PIECES = 20000;

/** Headers of a browser that are handed on; cookies are not, but for the dashboard's own. */
const DASHBOARD_ASKED = array( 'Accept-Language', 'Content-Type', 'HX-Boosted', 'HX-Current-URL', 'HX-Request', 'HX-Target', 'HX-Trigger', 'Origin', 'Sec-Fetch-Site', 'User-Agent' );

/** Headers of an answer that are sent. */
const DASHBOARD_ANSWERED = array(
	'Cache-Control',
	'Content-Disposition',
	'Content-Security-Policy',
	'Content-Type',
	'Cross-Origin-Opener-Policy',
	'Cross-Origin-Resource-Policy',
	'HX-Push-Url',
	'HX-Redirect',
	'HX-Refresh',
	'Location',
	'Referrer-Policy',
	'Retry-After',
	'X-Content-Type-Options',
	'X-Frame-Options',
	'X-Robots-Tag',
);

/** On `init`, before anything else looks at the request: answer it when it is the dashboard's. */
function serve_dashboard(): void {
	$asked = asked_of_dashboard();
	if ( null === $asked || ! is_paired() ) {
		return;
	}
	defined( 'DONOTCACHEPAGE' ) || define( 'DONOTCACHEPAGE', true );
	if ( 0 !== strcasecmp( request_header( 'HTTP_HOST' ), home_host() ) ) { // The session's cookie belongs to one name.
		nocache_headers();
		wp_redirect( home_origin() . request_target(), 302, 'Gatepost' ); // phpcs:ignore WordPress.Security.SafeRedirect -- the site's own address.
		exit;
	}
	$too_large = (int) ( $_SERVER['CONTENT_LENGTH'] ?? 0 ) > DASHBOARD_MAX_BYTES;
	if ( $too_large || 0 === stripos( request_header( 'CONTENT_TYPE' ), 'multipart/' ) ) {
		end_dashboard( 413, __( 'That is too much for this form.', 'gatepost' ) );
	}
	print_dashboard( envelope_of_dashboard( $asked ) );
}

/**
 * What the request asks of the dashboard, or null when it is another's: array( path, query, base, by_query ).
 *
 * Pretty: /gatepost/members?level=3. A site without pretty permalinks: /?gatepost=/members&level=3.
 */
function asked_of_dashboard(): ?array {
	$target = request_target();
	$path   = explode( '?', $target, 2 )[0];
	$query  = explode( '?', $target, 2 )[1] ?? '';
	$home   = home_path();
	$base   = $home . DASHBOARD_SLUG;
	if ( $path === $base || 0 === strpos( $path, $base . '/' ) ) {
		return array(
			'path'     => rawurldecode( substr( $path, strlen( $base ) ) ?: '/' ),
			'query'    => $query,
			'base'     => $base,
			'by_query' => false,
		);
	}
	$asked = $_GET['gatepost'] ?? null; // phpcs:ignore WordPress.Security -- which screen; the sidecar checks session and form.
	if ( ! is_string( $asked ) || '/' !== substr( $asked, 0, 1 ) || ! in_array( $path, array( $home, $home . 'index.php' ), true ) ) {
		return null;
	}
	return array(
		'path'     => wp_unslash( $asked ),
		'query'    => implode( '&', preg_grep( '/\Agatepost=/', explode( '&', $query ), PREG_GREP_INVERT ) ),
		'base'     => $home,
		'by_query' => true,
	);
}

/** What the browser has asked the web server for, with its query. */
function request_target(): string {
	return printable_header( 'REQUEST_URI' );
}

/** The path of the site's home, with a slash at its end. */
function home_path(): string {
	return trailingslashit( (string) wp_parse_url( this_site(), PHP_URL_PATH ) );
}

function home_host(): string {
	$port = wp_parse_url( this_site(), PHP_URL_PORT );
	return wp_parse_url( this_site(), PHP_URL_HOST ) . ( $port ? ":{$port}" : '' );
}

function home_origin(): string {
	return wp_parse_url( this_site(), PHP_URL_SCHEME ) . '://' . home_host();
}

/** Where a screen is, by what the site's permalinks allow. */
function dashboard_url( string $path, array $query = array() ): string {
	$more = http_build_query( $query, '', '&', PHP_QUERY_RFC3986 );
	if ( '' === (string) get_option( 'permalink_structure' ) ) {
		return home_origin() . home_path() . '?gatepost=' . $path . ( '' === $more ? '' : "&{$more}" );
	}
	return home_origin() . home_path() . DASHBOARD_SLUG . $path . ( '' === $more ? '' : "?{$more}" );
}

function envelope_of_dashboard( array $asked ): array {
	$headers = array();
	foreach ( DASHBOARD_ASKED as $name ) {
		$key   = strtoupper( str_replace( '-', '_', $name ) );
		$value = 'Content-Type' === $name ? printable_header( 'CONTENT_TYPE' ) : printable_header( "HTTP_{$key}" );
		if ( '' !== $value ) {
			$headers[ $name ] = substr( $value, 0, 4000 );
		}
	}
	$cookie = $_COOKIE[ DASHBOARD_COOKIE ] ?? ''; // phpcs:ignore WordPress.Security -- a token; anything else is dropped.
	$body   = 'POST' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) ? (string) file_get_contents( 'php://input', false, null, 0, DASHBOARD_MAX_BYTES + 1 ) : '';
	return $asked + array(
		'method'    => (string) ( $_SERVER['REQUEST_METHOD'] ?? 'GET' ),
		'sign_on'   => admin_url( 'admin.php?page=' . DASHBOARD_SLUG ),
		'headers'   => (object) $headers,
		'cookie'    => is_string( $cookie ) && 1 === preg_match( '/\A[A-Za-z0-9_-]{1,200}\z/', $cookie ) ? $cookie : '',
		'body'      => base64_encode( $body ),
		'ip'        => client_ip(),
		'forwarded' => forwarded_for(),
		'language'  => get_locale(),
	);
}

/** Ask, print, end. An export comes piece by piece; one that breaks off says so in its last line. */
function print_dashboard( array $envelope ): void {
	$answer = asked_dashboard( $envelope );
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}
	send_dashboard_headers( $answer );
	for ( $piece = 1; ; $piece++ ) {
		if ( 'HEAD' !== $envelope['method'] ) {
			echo '' !== ( $answer['bytes'] ?? '' ) ? base64_decode( $answer['bytes'] ) : $answer['text']; // phpcs:ignore WordPress.Security.EscapeOutput -- a finished page of the sidecar, signed.
		}
		if ( ! is_string( $answer['more'] ?? null ) || '' === $answer['more'] || $piece >= DASHBOARD_MAX_PIECES ) {
			exit;
		}
		flush();
		$envelope['query'] = $answer['more'];
		$answer            = exchange( DASHBOARD_ROUTE, $envelope, DASHBOARD_TIMEOUT_MS )['answer'];
		if ( null === $answer || 200 !== ( $answer['status'] ?? 0 ) ) {
			echo "\n" . esc_html__( 'This file is not complete: the service has stopped answering.', 'gatepost' ) . "\n";
			exit;
		}
	}
}

/** The answer in its shape; anything else ends here, as one that may come again. */
function asked_dashboard( array $envelope ): array {
	$result = exchange( DASHBOARD_ROUTE, $envelope, DASHBOARD_TIMEOUT_MS );
	$answer = $result['answer'];
	if ( ! is_int( $answer['status'] ?? null ) || ! is_string( $answer['text'] ?? null ) || ! is_array( $answer['headers'] ?? null ) ) {
		if ( 400 === $result['status'] ) {
			end_dashboard( 400, __( 'This form could not be read.', 'gatepost' ) );
		}
		end_dashboard(
			503,
			'POST' === $envelope['method'] && 'transport' === $result['fault']
				? __( 'The service took too long to answer. What you asked for may have been done: look before you repeat it.', 'gatepost' )
				: __( 'The dashboard does not answer at the moment. Your site and your members are not affected by that; please try again in a minute.', 'gatepost' )
		);
	}
	return $answer;
}

function send_dashboard_headers( array $answer ): void {
	if ( headers_sent() ) {
		return;
	}
	foreach ( array( 'Expires', 'Pragma', 'Last-Modified', 'Link', 'X-Pingback' ) as $name ) {
		header_remove( $name );
	}
	status_header( $answer['status'] );
	header( 'Cache-Control: private, no-store' );
	foreach ( DASHBOARD_ANSWERED as $name ) {
		$value = $answer['headers'][ $name ] ?? null;
		if ( is_string( $value ) && 0 === preg_match( '/[\r\n\0]/', $value ) && ( 'Cache-Control' !== $name || 0 === strpos( $value, 'private' ) ) ) {
			header( "{$name}: {$value}" );
		}
	}
	foreach ( (array) ( $answer['cookies'] ?? array() ) as $cookie ) {
		if ( is_string( $cookie ) && 1 === preg_match( '/\A' . DASHBOARD_COOKIE . '=[A-Za-z0-9_-]*;[ -~]*\z/', $cookie ) ) {
			header( "Set-Cookie: {$cookie}", false );
		}
	}
}

/** A page of our own for what never reached the sidecar. */
function end_dashboard( int $status, string $sentence ): void {
	nocache_headers();
	if ( 503 === $status ) {
		header( 'Retry-After: ' . RETRY_AFTER_SECONDS );
	}
	wp_die( esc_html( $sentence ), 'Gatepost', array( 'response' => (int) $status ) );
}

/** On `admin_menu`. */
function add_dashboard_menu(): void {
	if ( ! is_paired() || ! may_open_dashboard() ) {
		return;
	}
	add_menu_page( 'Gatepost', 'Gatepost', 'read', DASHBOARD_SLUG, 'Gatepost\print_sign_on_failure', 'dashicons-groups', 58 );
}

/** Whether the entry is shown; who may really come in the sidecar looks up. */
function may_open_dashboard(): bool {
	return is_administrator( get_current_user_id() ) || in_array( get_current_user_id(), (array) get_option( 'gatepost_staff', array() ), true );
}

/** On `load-toplevel_page_gatepost`: ask for a one-time link and follow it. */
function sign_on_to_dashboard(): void {
	$user   = get_current_user_id();
	$answer = exchange(
		DASHBOARD_ROUTE . '/link',
		array(
			'user'     => $user,
			'language' => get_user_locale( $user ),
		)
	)['answer'];
	if ( ! is_string( $answer['token'] ?? null ) || 1 !== preg_match( '/\A[A-Za-z0-9_-]{20,100}\z/', $answer['token'] ) ) {
		sign_on_failure( is_string( $answer['message'] ?? null ) ? $answer['message'] : '' );
		return;
	}
	nocache_headers();
	wp_redirect( dashboard_url( '/enter', array( 'token' => $answer['token'] ) ), 302, 'Gatepost' ); // phpcs:ignore WordPress.Security.SafeRedirect -- the site's own address.
	exit;
}

/** Why there was no link; remembered for the page. */
function sign_on_failure( ?string $now = null ): string {
	static $sentence = '';
	$sentence = $now ?? $sentence;
	return $sentence;
}

/** The admin page, where the link could not be had. */
function print_sign_on_failure(): void {
	$sentence = '' !== sign_on_failure() ? sign_on_failure() : __( 'The dashboard does not answer at the moment. Your site and your members are not affected by that; please try again in a minute.', 'gatepost' );
	printf( '<div class="wrap"><h1>Gatepost</h1><div class="notice notice-error inline"><p>%s</p></div></div>', esc_html( $sentence ) );
}

/** The change `staff`: who beside administrators sees the entry in the menu. '' when it stands. */
function change_staff( array $change ): string {
	$users = array_values( array_filter( (array) ( $change['users'] ?? array() ), 'is_int' ) );
	if ( get_option( 'gatepost_staff' ) !== $users ) {
		update_option( 'gatepost_staff', $users, false );
	}
	return '';
}
