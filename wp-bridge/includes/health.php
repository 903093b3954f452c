<?php
/**
 * Site Health: what an owner should know, without any secret.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Filter `site_status_tests`. */
function add_health_tests( array $tests ): array {
	$direct = array(
		'gatepost_pairing' => 'Gatepost\pairing_health',
		'gatepost_index'   => 'Gatepost\index_health',
		'gatepost_spool'   => 'Gatepost\spool_health',
		'gatepost_memory'  => 'Gatepost\memory_health',
	);
	foreach ( $direct as $name => $test ) {
		$tests['direct'][ $name ] = array(
			'label' => 'Gatepost',
			'test'  => $test,
		);
	}
	$tests['async']['gatepost_ping'] = array(
		'label'             => 'Gatepost',
		'test'              => rest_url( 'gatepost/v1/health' ),
		'has_rest'          => true,
		'async_direct_test' => 'Gatepost\ping_health',
	);
	return $tests;
}

/** On `rest_api_init`: the asynchronous test's route. */
function register_health_route(): void {
	register_rest_route(
		'gatepost/v1',
		'/health',
		array(
			'methods'             => 'GET',
			'permission_callback' => 'Gatepost\may_see_health',
			'callback'            => 'Gatepost\ping_health',
		)
	);
}

function may_see_health(): bool {
	return current_user_can( 'view_site_health_checks' );
}

function pairing_health(): array {
	$found = found_pairing();
	$fault = null === $found ? 'unpaired' : pairing_fault( $found );
	return '' === $fault
		? a_health_result( 'gatepost_pairing', 'good', __( 'Gatepost is paired with its service', 'gatepost' ), __( 'The address and the secret of the service are known.', 'gatepost' ) )
		: a_health_result( 'gatepost_pairing', 'critical', __( 'Gatepost is not paired with its service', 'gatepost' ), fault_sentence( $fault ) );
}

function index_health(): array {
	$index = index();
	if ( null === $index ) {
		return a_health_result( 'gatepost_index', 'critical', __( 'Gatepost does not know what is protected', 'gatepost' ), __( 'The rule index is missing or was changed by something else. Until the service sends it again, protected content stays closed to everybody.', 'gatepost' ) );
	}
	if ( count( marked_posts() ) !== $index['post_count'] ) {
		after_response( 'Gatepost\refetch_index' );
		return a_health_result( 'gatepost_index', 'critical', __( 'Gatepost’s marks on protected posts are not complete', 'gatepost' ), __( 'Another plugin may have removed them, or they are still being written. They are written again now; look again in a minute.', 'gatepost' ) );
	}
	return a_health_result( 'gatepost_index', 'good', __( 'Gatepost knows what is protected', 'gatepost' ), __( 'The rule index is there and valid.', 'gatepost' ) );
}

function spool_health(): array {
	$lost  = count_lost();
	$count = count_spool();
	if ( $lost > 0 ) {
		/* translators: %s: a number */
		return a_health_result( 'gatepost_spool', 'critical', __( 'Gatepost’s event spool is full', 'gatepost' ), sprintf( _n( '%s event could not be kept, because the service has not collected the others for a long time.', '%s events could not be kept, because the service has not collected the others for a long time.', $lost, 'gatepost' ), number_format_i18n( $lost ) ) );
	}
	/* translators: %s: a number */
	$waiting = sprintf( _n( '%s event waits for the service.', '%s events wait for the service.', $count, 'gatepost' ), number_format_i18n( $count ) );
	return $count > SPOOL_CEILING / 10
		? a_health_result( 'gatepost_spool', 'recommended', __( 'Many Gatepost events wait', 'gatepost' ), $waiting )
		: a_health_result( 'gatepost_spool', 'good', __( 'Gatepost’s event spool is drained', 'gatepost' ), $waiting );
}

function memory_health(): array {
	return memory() instanceof File_Memory
		? a_health_result( 'gatepost_memory', 'recommended', __( 'Gatepost would like APCu', 'gatepost' ), __( 'PHP has neither the APCu extension nor does WordPress use a persistent object cache, so Gatepost remembers in a file whether its service is away. That works, and is slower.', 'gatepost' ) )
		: a_health_result( 'gatepost_memory', 'good', __( 'Gatepost shares its memory between requests', 'gatepost' ), __( 'When the service is away, pages notice it at once.', 'gatepost' ) );
}

/** The asynchronous test: ask the service for a sign of life. */
function ping_health(): array {
	$result = exchange( '/bridge/v1/ping', array(), 3000 );
	if ( null === $result['answer'] ) {
		return a_health_result( 'gatepost_ping', 'critical', __( 'Gatepost’s service does not answer', 'gatepost' ), fault_sentence( $result['fault'] ) );
	}
	if ( 1 !== ( $result['answer']['protocol'] ?? null ) || 'ok' !== ( $result['answer']['database'] ?? '' ) ) {
		return a_health_result( 'gatepost_ping', 'critical', __( 'Gatepost’s service is in trouble', 'gatepost' ), __( 'It answers, but it has no database or another version of the protocol.', 'gatepost' ) );
	}
	return billing_health( $result['answer'] ) ?? a_health_result( 'gatepost_ping', 'good', __( 'Gatepost’s service answers', 'gatepost' ), __( 'The service is there, and both sides believe each other.', 'gatepost' ) . jobs_sentence( $result['answer'] ) );
}

/** What is wrong with billing, in the service's own words; null when it runs, or is not used. */
function billing_health( array $answer ): ?array {
	$billing = $answer['billing'] ?? null;
	$state   = is_array( $billing ) ? $billing['state'] ?? '' : 'off';
	if ( in_array( $state, array( 'ok', 'off' ), true ) ) {
		return null;
	}
	$labels  = array(
		'paused' => __( 'Gatepost’s billing is paused', 'gatepost' ),
		'stale'  => __( 'Gatepost’s billing has not run for too long', 'gatepost' ),
	);
	$label   = is_string( $state ) ? $labels[ $state ] ?? null : null;
	$message = is_string( $billing['message'] ?? null ) ? $billing['message'] : '';
	return a_health_result( 'gatepost_ping', null === $label ? 'recommended' : 'critical', $label ?? __( 'Gatepost’s billing needs a look', 'gatepost' ), $message . jobs_sentence( $answer ) );
}

/** When the service's jobs last ran, as a sentence to follow another; '' where it does not say. */
function jobs_sentence( array $answer ): string {
	$jobs  = is_array( $answer['jobs'] ?? null ) ? array_filter( $answer['jobs'], 'is_numeric' ) : array();
	$parts = array();
	foreach ( $jobs as $name => $seconds ) {
		/* translators: 1: the name of a job, 2: a span of time such as "5 minutes" */
		$parts[] = sprintf( __( '%1$s %2$s ago', 'gatepost' ), $name, human_time_diff( time() - (int) $seconds, time() ) );
	}
	/* translators: %s: a list such as "mail 5 minutes ago, renewals 1 hour ago" */
	return array() === $parts ? '' : ' ' . sprintf( __( 'Its jobs last ran: %s.', 'gatepost' ), implode( ', ', $parts ) );
}

/** Say what a fault means and what to do. */
function fault_sentence( string $fault ): string {
	$sentences = array(
		'unpaired'      => __( 'Run “gatepost pair” on the machine where the service runs. Until then protected content stays closed to everybody.', 'gatepost' ),
		'no_curl'       => __( 'PHP has no curl extension, or one that knows no unix sockets. Install it (php-curl) and reload PHP.', 'gatepost' ),
		'bad_address'   => __( 'The address of the service must be a unix socket (unix:/…) or http:// on this machine.', 'gatepost' ),
		'bad_secret'    => __( 'The secret must be 64 hexadecimal digits.', 'gatepost' ),
		'other_site'    => __( 'The pairing belongs to another address: this site is a copy, or it has moved. A copy must not use the original’s members; run “gatepost pair” for a site that has moved.', 'gatepost' ),
		'breaker'       => __( 'It has failed several times in a row, so pages do not wait for it at the moment. The next try is made within ten seconds.', 'gatepost' ),
		'transport'     => __( 'There is no answer at its address within the time limit.', 'gatepost' ),
		'signature'     => __( 'Its answer is not signed with this site’s secret and was thrown away.', 'gatepost' ),
		'bad_signature' => __( 'The two sides hold different secrets. Run “gatepost pair” again.', 'gatepost' ),
		'unavailable'   => __( 'It answers that it cannot work now, for example because it has no database.', 'gatepost' ),
	);
	return $sentences[ $fault ] ?? __( 'Something is wrong between the plugin and the service.', 'gatepost' );
}

function a_health_result( string $test, string $status, string $label, string $description ): array {
	return array(
		'test'        => $test,
		'status'      => $status,
		'label'       => $label,
		'badge'       => array(
			'label' => 'Gatepost',
			'color' => 'blue',
		),
		'description' => '<p>' . esc_html( $description ) . '</p>',
		'actions'     => '',
	);
}

/** Filter `debug_information`. */
function add_debug_information( array $info ): array {
	$found  = found_pairing();
	$index  = index();
	$fields = array(
		'version'    => array( __( 'Version', 'gatepost' ), GATEPOST_VERSION ),
		'paired'     => array( __( 'Paired', 'gatepost' ), is_paired() ? __( 'Yes', 'gatepost' ) : __( 'No', 'gatepost' ) ),
		'source'     => array( __( 'Source of the pairing', 'gatepost' ), $found['source'] ?? '' ),
		'memory'     => array( __( 'Shared memory', 'gatepost' ), str_replace( array( 'Gatepost\\', '_Memory' ), '', get_class( memory() ) ) ),
		'breaker'    => array( __( 'Breaker', 'gatepost' ), breaker_is_open() ? __( 'open', 'gatepost' ) : __( 'closed', 'gatepost' ) ),
		'generation' => array( __( 'Generation of the rule index', 'gatepost' ), null === $index ? __( 'none', 'gatepost' ) : (string) $index['generation'] ),
		'spool'      => array( __( 'Events in the spool', 'gatepost' ), (string) count_spool() ),
		'lost'       => array( __( 'Events not kept', 'gatepost' ), (string) count_lost() ),
	);
	$info['gatepost'] = array(
		'label'  => 'Gatepost',
		'fields' => array_map(
			static function ( array $field ): array {
				return array(
					'label' => $field[0],
					'value' => $field[1],
				);
			},
			$fields
		),
	);
	return $info;
}
