/**
 * What a Gatepost form says to whom fills it in: a sentence above or below, and one beside each field that is wrong.
 */
( function () {
	'use strict';

	class FormMessages {
		/** `failed` is said when something went wrong and nobody says what. */
		constructor( element, failed ) {
			this.element = element;
			this.failed = failed;
		}

		/** `step`: what was answered; an author may have given its sentences a place of their own. */
		showAnswer( answer, step ) {
			const isBad = answer.state === 'error' || answer.state === 'token';
			const errors = answer.errors || {};
			const message = answer.message || ( isBad && ! Object.keys( errors ).length ? this.failed : '' );
			this.clearErrors();
			this.say( 'status', isBad ? '' : message, step );
			this.say( 'alert', isBad ? message : '', step );
			Object.keys( errors ).forEach( ( name ) => this.showFieldError( name, errors[ name ] ) );
			const first = this.element.querySelector( '[aria-invalid=true]' );
			if ( first ) {
				first.focus();
			}
		}

		/** Beside its field; where there is none of that name, above all. */
		showFieldError( name, sentence ) {
			const field = this.element.querySelector( '[name="' + CSS.escape( name ) + '"]:not([type=hidden]):not(:disabled)' );
			if ( ! field ) {
				this.say( 'alert', ( this.place( 'alert' ).textContent + ' ' + sentence ).trim() );
				return;
			}
			const note = document.createElement( 'span' );
			note.className = 'gatepost-field-error';
			note.id = 'gatepost-error-' + this.element.dataset.gatepostForm + '-' + name;
			note.textContent = sentence;
			field.setAttribute( 'aria-invalid', 'true' );
			field.setAttribute( 'aria-describedby', note.id );
			// What is to be ticked has its words behind it.
			( ( field.type === 'checkbox' && field.closest( 'label' ) ) || field ).insertAdjacentElement( 'afterend', note );
		}

		clearErrors() {
			this.element.querySelectorAll( '.gatepost-field-error' ).forEach( ( note ) => note.remove() );
			this.element.querySelectorAll( '[aria-invalid]' ).forEach( ( field ) => {
				field.removeAttribute( 'aria-invalid' );
				field.removeAttribute( 'aria-describedby' );
			} );
			this.element.querySelectorAll( '[role=alert], [role=status]' ).forEach( ( place ) => {
				place.textContent = '';
			} );
		}

		say( role, sentence, step ) {
			const own = this.element.querySelector( '[role=' + role + '][data-gatepost-of="' + step + '"]' );
			( own || this.place( role ) ).textContent = sentence;
		}

		/** Where sentences of this role stand. */
		place( role ) {
			let place = this.element.querySelector( '[role=' + role + ']:not([data-gatepost-of])' );
			if ( ! place ) {
				place = document.createElement( 'p' );
				place.setAttribute( 'role', role );
				this.element.appendChild( place );
			}
			return place;
		}
	}

	window.gatepost = Object.assign( window.gatepost || {}, { FormMessages } );
}() );
