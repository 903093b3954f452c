<?php
/*
 * A persistent object cache for the bed's sites: every group lives in Redis, one key an entry, with what this
 * request has seen kept in memory. So an option changed behind WordPress's back stays unseen, as on real sites.
 */

class WP_Object_Cache {
	private Redis $redis;
	private string $prefix;
	private array $seen       = array();
	private array $only_here  = array();

	public function __construct() {
		$site         = json_decode( file_get_contents( $_SERVER['BED_SITE'] . '/site.json' ), true );
		$this->prefix = $site['cache_prefix'];
		$this->redis  = new Redis();
		$this->redis->connect( '127.0.0.1', $site['redis_port'], 2 );
	}

	public function keep_only_here( $groups ) {
		$this->only_here += array_fill_keys( (array) $groups, true );
	}

	public function get( $key, $group, $force, &$found ) {
		$name = $this->name( $key, $group );
		if ( ! array_key_exists( $name, $this->seen ) || ( $force && ! isset( $this->only_here[ $group ] ) ) ) {
			$stored = isset( $this->only_here[ $group ] ) ? false : $this->redis->get( $name );
			if ( false === $stored ) {
				unset( $this->seen[ $name ] );
				$found = false;
				return false;
			}
			$this->seen[ $name ] = unserialize( $stored );
		}
		$found = true;
		return $this->copy( $this->seen[ $name ] );
	}

	public function set( $key, $value, $group, $seconds ) {
		$name                = $this->name( $key, $group );
		$this->seen[ $name ] = $this->copy( $value );
		if ( ! isset( $this->only_here[ $group ] ) ) {
			$this->redis->set( $name, serialize( $value ), $seconds > 0 ? array( 'ex' => (int) $seconds ) : array() );
		}
		return true;
	}

	/** Of two requests at once one wins, as in the caches that sites use. */
	public function add( $key, $value, $group, $seconds ) {
		$name = $this->name( $key, $group );
		if ( isset( $this->only_here[ $group ] ) ) {
			return ! $this->has( $key, $group ) && $this->set( $key, $value, $group, $seconds );
		}
		$won = $this->redis->set( $name, serialize( $value ), $seconds > 0 ? array( 'nx', 'ex' => (int) $seconds ) : array( 'nx' ) );
		if ( $won ) {
			$this->seen[ $name ] = $this->copy( $value );
		}
		return (bool) $won;
	}

	public function has( $key, $group ) {
		$this->get( $key, $group, false, $found );
		return $found;
	}

	public function delete( $key, $group ) {
		$had = $this->has( $key, $group );
		unset( $this->seen[ $this->name( $key, $group ) ] );
		$this->redis->del( $this->name( $key, $group ) );
		return $had;
	}

	public function flush( $group = '' ) {
		$this->seen = array();
		$names      = $this->redis->keys( $this->prefix . ( '' === $group ? '' : "$group:" ) . '*' );
		if ( $names ) {
			$this->redis->del( $names );
		}
		return true;
	}

	public function forget_what_was_seen() {
		$this->seen = array();
		return true;
	}

	private function name( $key, $group ) {
		return $this->prefix . ( $group ?: 'default' ) . ':' . $key;
	}

	private function copy( $value ) {
		return is_object( $value ) ? clone $value : $value;
	}
}

function wp_cache_init() {
	$GLOBALS['wp_object_cache'] = new WP_Object_Cache();
}

function wp_cache_get( $key, $group = '', $force = false, &$found = null ) {
	return $GLOBALS['wp_object_cache']->get( $key, $group, $force, $found );
}

function wp_cache_get_multiple( $keys, $group = '', $force = false ) {
	return array_combine( $keys, array_map( fn( $key ) => wp_cache_get( $key, $group, $force ), $keys ) );
}

function wp_cache_set( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->set( $key, $data, $group, $expire );
}

function wp_cache_set_multiple( array $data, $group = '', $expire = 0 ) {
	return array_combine( array_keys( $data ), array_map( fn( $key ) => wp_cache_set( $key, $data[ $key ], $group, $expire ), array_keys( $data ) ) );
}

function wp_cache_add( $key, $data, $group = '', $expire = 0 ) {
	return ! wp_suspend_cache_addition() && $GLOBALS['wp_object_cache']->add( $key, $data, $group, $expire );
}

function wp_cache_add_multiple( array $data, $group = '', $expire = 0 ) {
	return array_combine( array_keys( $data ), array_map( fn( $key ) => wp_cache_add( $key, $data[ $key ], $group, $expire ), array_keys( $data ) ) );
}

function wp_cache_replace( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->has( $key, $group ) && wp_cache_set( $key, $data, $group, $expire );
}

function wp_cache_delete( $key, $group = '' ) {
	return $GLOBALS['wp_object_cache']->delete( $key, $group );
}

function wp_cache_delete_multiple( array $keys, $group = '' ) {
	return array_combine( $keys, array_map( fn( $key ) => wp_cache_delete( $key, $group ), $keys ) );
}

function wp_cache_incr( $key, $offset = 1, $group = '' ) {
	$value = wp_cache_get( $key, $group, true, $found );
	if ( ! $found ) {
		return false;
	}
	$sum = max( 0, (int) $value + (int) $offset );
	wp_cache_set( $key, $sum, $group );
	return $sum;
}

function wp_cache_decr( $key, $offset = 1, $group = '' ) {
	return wp_cache_incr( $key, -$offset, $group );
}

function wp_cache_flush() {
	return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_flush_group( $group ) {
	return $GLOBALS['wp_object_cache']->flush( $group );
}

function wp_cache_flush_runtime() {
	return $GLOBALS['wp_object_cache']->forget_what_was_seen();
}

function wp_cache_supports( $feature ) {
	return in_array( $feature, array( 'add_multiple', 'set_multiple', 'get_multiple', 'delete_multiple', 'flush_runtime', 'flush_group' ), true );
}

function wp_cache_add_global_groups( $groups ) {}

function wp_cache_add_non_persistent_groups( $groups ) {
	$GLOBALS['wp_object_cache']->keep_only_here( $groups );
}

function wp_cache_switch_to_blog( $blog_id ) {}

function wp_cache_close() {
	return true;
}
