<?php
/**
 * A short memory that php-fpm's workers share: APCu, else a persistent object cache, else a file.
 *
 * Never an option: the breaker changes state while things go badly, and a row that every request autoloads and all
 * workers write would then become the trouble. What is forgotten early costs one call more and nothing else.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

interface Memory {

	/** The value, or null when there is none (any more). */
	public function recall( string $key );

	/** Keep a scalar or an array. */
	public function remember( string $key, $value, int $seconds ): void;

	/** Whether this worker is the first to claim the key; it stays claimed for so long. */
	public function claim( string $key, int $seconds ): bool;

	/** Count one more under the key, for so long since the first; how many there are now. */
	public function count( string $key, int $seconds ): int;

	public function drop( string $key ): void;
}

/** The memory of a subject, in which no other's keys are met; every page reads the one named '', its breaker's. */
function memory( string $subject = '' ): Memory {
	static $memories = array();
	if ( ! isset( $memories[ $subject ] ) ) {
		$memories[ $subject ] = chosen_memory( $subject );
	}
	return $memories[ $subject ];
}

function chosen_memory( string $subject ): Memory {
	if ( function_exists( 'apcu_enabled' ) && apcu_enabled() ) {
		return new Apcu_Memory( memory_name() . $subject );
	}
	return wp_using_ext_object_cache() ? new Cache_Memory( "gatepost{$subject}" ) : new File_Memory( memory_file( $subject ) );
}

/** A name of this site that strangers on the machine cannot guess: the temp folder belongs to all. */
function memory_name(): string {
	global $wpdb;
	return 'gatepost-' . substr( hash_hmac( 'sha256', ABSPATH . "\n" . DB_NAME . "\n" . $wpdb->prefix, DB_PASSWORD . ( defined( 'AUTH_SALT' ) ? AUTH_SALT : '' ) ), 0, 32 );
}

function memory_file( string $subject = '' ): string {
	return get_temp_dir() . memory_name() . ( '' === $subject ? '' : "-{$subject}" ) . '.json';
}

final class Apcu_Memory implements Memory {

	/** @var string */
	private $prefix;

	public function __construct( string $name ) {
		$this->prefix = $name . ':';
	}

	public function recall( string $key ) {
		$value = apcu_fetch( $this->prefix . $key, $found );
		return $found ? $value : null;
	}

	public function remember( string $key, $value, int $seconds ): void {
		apcu_store( $this->prefix . $key, $value, $seconds );
	}

	public function claim( string $key, int $seconds ): bool {
		return apcu_add( $this->prefix . $key, 1, $seconds );
	}

	public function count( string $key, int $seconds ): int {
		apcu_add( $this->prefix . $key, 0, $seconds );
		return (int) apcu_inc( $this->prefix . $key );
	}

	public function drop( string $key ): void {
		apcu_delete( $this->prefix . $key );
	}
}

final class Cache_Memory implements Memory {

	/** @var string */
	private $group;

	public function __construct( string $group ) {
		$this->group = $group;
	}

	public function recall( string $key ) {
		$value = wp_cache_get( $key, $this->group, true );
		return false === $value ? null : $value;
	}

	public function remember( string $key, $value, int $seconds ): void {
		wp_cache_set( $key, $value, $this->group, $seconds );
	}

	public function claim( string $key, int $seconds ): bool {
		return wp_cache_add( $key, 1, $this->group, $seconds );
	}

	public function count( string $key, int $seconds ): int {
		wp_cache_add( $key, 0, $this->group, $seconds );
		return (int) wp_cache_incr( $key, 1, $this->group );
	}

	public function drop( string $key ): void {
		wp_cache_delete( $key, $this->group );
	}
}

/** One small JSON file under a lock: key => array( value, Unix time when it ends ). */
final class File_Memory implements Memory {

	/** @var string */
	private $path;

	public function __construct( string $path ) {
		$this->path = $path;
	}

	public function recall( string $key ) {
		$rows = is_readable( $this->path ) ? self::living( (string) @file_get_contents( $this->path ) ) : array(); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- it may vanish between the two.
		return $rows[ $key ][0] ?? null;
	}

	public function remember( string $key, $value, int $seconds ): void {
		$this->change(
			static function ( array &$rows ) use ( $key, $value, $seconds ): bool {
				$rows[ $key ] = array( $value, time() + $seconds );
				return true;
			}
		);
	}

	public function claim( string $key, int $seconds ): bool {
		return $this->change(
			static function ( array &$rows ) use ( $key, $seconds ): bool {
				if ( isset( $rows[ $key ] ) ) {
					return false;
				}
				$rows[ $key ] = array( 1, time() + $seconds );
				return true;
			}
		);
	}

	public function count( string $key, int $seconds ): int {
		$count = 1;
		$this->change(
			static function ( array &$rows ) use ( $key, $seconds, &$count ): bool {
				$count        = (int) ( $rows[ $key ][0] ?? 0 ) + 1;
				$rows[ $key ] = array( $count, $rows[ $key ][1] ?? time() + $seconds );
				return true;
			}
		);
		return $count;
	}

	public function drop( string $key ): void {
		if ( null === $this->recall( $key ) ) {
			return;
		}
		$this->change(
			static function ( array &$rows ) use ( $key ): bool {
				unset( $rows[ $key ] );
				return true;
			}
		);
	}

	/** Read, change and write under the lock. A folder that cannot be written remembers nothing and claims everything. */
	private function change( callable $change ): bool {
		$file = @fopen( $this->path, 'c+' ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- answered below.
		if ( false === $file ) {
			return true;
		}
		@chmod( $this->path, 0600 ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- its owner may be another.
		flock( $file, LOCK_EX );
		$rows    = self::living( (string) stream_get_contents( $file ) );
		$changed = $change( $rows );
		if ( $changed ) {
			rewind( $file );
			ftruncate( $file, 0 );
			fwrite( $file, (string) wp_json_encode( $rows ) );
		}
		fclose( $file ); // Unlocks.
		return $changed;
	}

	private static function living( string $json ): array {
		$rows = json_decode( $json, true );
		return array_filter(
			is_array( $rows ) ? $rows : array(),
			static function ( $row ): bool {
				return is_array( $row ) && 2 === count( $row ) && $row[1] > time();
			}
		);
	}
}
