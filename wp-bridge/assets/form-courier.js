/**
 * Takes what a Gatepost form sends to the site's REST route, with a token or nonce, and brings the answer back.
 */
( function () {
	'use strict';

	class FormCourier {
		/** `api` is the base of Gatepost's routes, where the form says it. */
		constructor( name, api ) {
			this.name = name;
			this.api = api;
			this.credential = null; // A token that is not used up, or a nonce.
		}

		/**
		 * Send a step with its fields; where the token or nonce has aged, once more with a fresh one. After an error a
		 * token counts on. Never rejects.
		 */
		async send( step, fields ) {
			let answer = await this.sendOnce( step, fields );
			if ( answer.state === 'token' ) {
				this.credential = null;
				answer = await this.sendOnce( step, fields );
			}
			if ( answer.state !== 'error' ) {
				this.credential = null;
			}
			return answer;
		}

		async sendOnce( step, fields ) {
			if ( ! this.credential ) {
				const given = await post( this.url( 'token' ), { form: this.name }, '' );
				if ( ! given.token && ! given.nonce ) {
					return given;
				}
				this.credential = given;
			}
			return post( this.url( this.name ), { step, fields, token: this.credential.token }, this.credential.nonce );
		}

		url( route ) {
			return ( this.api || discoveredApi() ) + 'forms/' + route;
		}
	}

	/** POST JSON; an answer in its shape, whatever happens on the way. `isAway`: nobody has said how it went. */
	async function post( url, body, nonce ) {
		const headers = { 'Content-Type': 'application/json' };
		if ( nonce ) {
			headers[ 'X-WP-Nonce' ] = nonce;
		}
		try {
			const response = await fetch( url, { method: 'POST', credentials: 'same-origin', headers, body: JSON.stringify( body ) } );
			const answer = await response.json();
			answer.isAway = response.status >= 500;
			if ( ! response.ok && ! answer.state ) { // WordPress's own refusal.
				answer.state = answer.code === 'rest_cookie_invalid_nonce' ? 'token' : 'error';
				answer.data = {};
			}
			return answer;
		} catch ( error ) {
			return { state: 'error', message: '', isAway: true };
		}
	}

	/** The base of Gatepost's routes by WordPress's own link to its REST API. */
	function discoveredApi() {
		const link = document.querySelector( 'link[rel="https://api.w.org/"]' );
		return ( link ? link.href : '/wp-json/' ) + 'gatepost/v1/';
	}

	window.gatepost = Object.assign( window.gatepost || {}, { FormCourier } );
}() );
