/**
 * Forms that Gatepost renders into pages: checkout and My Account (docs/protocol.md says how they are marked).
 *
 * A submit goes to the site's own REST route. Where something is to be paid or a card is to be kept, the answer holds
 * the gateway's client secret: the gateway's own fields appear in the form, and card data goes from there to the gateway
 * and nowhere else. One order token goes through all of it, so that a click too many buys nothing twice.
 */
( function () {
	'use strict';

	/** How long to wait before asking again about a payment that is still being processed. */
	const POLL_AFTER_SECONDS = [ 2, 3, 5, 8, 12 ];

	/** The step that shows the gateway's fields and the step that closes it, by form. */
	const FIRST_STEP = { checkout: 'begin', myaccount: 'card_begin', custom: 'save', cancel: 'declare', withdraw: 'declare' };
	const LAST_STEP = { checkout: 'finish', myaccount: 'card_finish' };

	/** How the address of a link begins that does what a button does. */
	const DOES = '#gatepost-do-';

	/** How the address of a new password's page ends, which WordPress's mail holds: no server and no log sees it. */
	const RESET = /^#gatepost-reset=([^&]+)&login=(.+)$/;

	/** What a return from the bank's page has added to the address. */
	const RETURN_PARAMETERS = [
		'gatepost_order', 'gatepost_form', 'payment_intent', 'payment_intent_client_secret', 'setup_intent',
		'setup_intent_client_secret', 'redirect_status', 'source_redirect_slug',
	];

	/** Used where the form brings no translation. */
	const ENGLISH_WORDS = {
		pay: 'Pay',
		save: 'Save card',
		working: 'One moment, please…',
		processing: 'Your payment is being processed. You need not stay on this page.',
		failed: 'The connection failed. Nothing is lost; please try again.',
	};

	class GatepostForm {
		constructor( element ) {
			this.element = element;
			this.name = element.dataset.gatepostForm;
			this.words = Object.assign( {}, ENGLISH_WORDS, parsed( element.dataset.gatepostWords ) );
			this.courier = new window.gatepost.FormCourier( this.name, element.dataset.gatepostApi );
			this.messages = new window.gatepost.FormMessages( element, this.words.failed );
			this.card = null; // The gateway's fields while they are shown, and what they are for.
			this.isBusy = false;
			this.isOver = false; // Bought: nothing is left to click.
			this.clicked = null; // For browsers that do not tell which button submits.
		}

		listen() {
			this.element.addEventListener( 'click', ( event ) => {
				this.clicked = event.target.closest( 'button, input[type=submit]' ) || this.clicked;
				const actor = event.target.closest( 'a[href^="' + DOES + '"], button[type=button][data-gatepost-step]' );
				if ( actor ) {
					event.preventDefault();
					this.act( actor );
				}
			} );
			this.element.addEventListener( 'submit', ( event ) => {
				event.preventDefault();
				this.submit( event.submitter || this.clicked );
			} );
		}

		/** A link or button that stands beside the one that submits: only what submits wants everything filled in. */
		act( actor ) {
			const step = actor.dataset.gatepostStep || actor.hash.slice( DOES.length );
			if ( this.isOver || ( step === this.mainStep() && ! this.element.reportValidity() ) ) {
				return;
			}
			this.submit( { dataset: { gatepostStep: step } } );
		}

		mainStep() {
			return this.element.dataset.gatepostStep || FIRST_STEP[ this.name ] || 'send';
		}

		submit( button ) {
			const asked = button && button.dataset.gatepostConfirm;
			if ( this.isBusy || ( asked && ! window.confirm( asked ) ) ) {
				return;
			}
			const step = ( button && button.dataset.gatepostStep ) || this.mainStep();
			const isForCard = this.card && this.card.step === step;
			this.busyWith( () => ( isForCard ? this.confirmCard() : this.run( step, button ) ) );
		}

		/** Do one thing at a time; when it leaves the page, the buttons stay as they are. */
		async busyWith( work ) {
			this.setBusy( true );
			this.messages.clearErrors();
			this.messages.say( 'status', this.words.working );
			let isLeaving = false;
			try {
				isLeaving = await work();
			} catch ( error ) {
				this.messages.showAnswer( { state: 'error', message: this.words.failed } );
			}
			if ( ! isLeaving ) {
				this.setBusy( false );
			}
		}

		/** Send one step, and do what its answer wants; whether the page is being left. */
		async run( step, button ) {
			return this.proceed( await this.courier.send( step, this.fields( button ) ), step );
		}

		async proceed( answer, step ) {
			const data = answer.data || {};
			this.messages.showAnswer( answer, step );
			this.showFigures( data.figures || {} );
			if ( data.file ) {
				saveFile( data.file );
			}
			if ( data.is_over ) {
				this.isOver = true;
				this.freezeDetails( true );
			}
			if ( data.begin_again ) {
				this.closeCard();
			}
			if ( answer.redirect ) {
				window.location.assign( answer.redirect );
				return true;
			}
			if ( data.client_secret ) {
				await this.showCard( data, step );
			} else if ( answer.state === 'ok' && data.order && step !== LAST_STEP[ this.name ] ) {
				return this.finish( data.order );
			}
			return false;
		}

		/** Ask how it ended, again while that is not known: a payment that was made is never left unasked. */
		async finish( order ) {
			const step = LAST_STEP[ this.name ];
			let answer = await this.courier.send( step, { order } );
			for ( const seconds of POLL_AFTER_SECONDS ) {
				if ( answer.state !== 'processing' && ! answer.isAway ) {
					break;
				}
				this.messages.say( 'status', answer.message || this.words.processing );
				await pause( seconds );
				answer = await this.courier.send( step, { order } );
			}
			if ( answer.state === 'processing' && ! answer.message ) {
				answer.message = this.words.processing;
			}
			if ( answer.state === 'ok' ) {
				this.isOver = this.name === 'checkout';
				this.closeCard();
			}
			return this.proceed( answer, answer.data && answer.data.client_secret ? this.cardStep() : step );
		}

		/** Sums that a coupon has changed. */
		showFigures( figures ) {
			Object.keys( figures ).forEach( ( name ) => {
				this.element.querySelectorAll( '[data-gatepost-figure="' + CSS.escape( name ) + '"]' ).forEach( ( place ) => {
					place.textContent = figures[ name ];
				} );
			} );
		}

		cardStep() {
			return this.card ? this.card.step : FIRST_STEP[ this.name ];
		}

		/** Show the gateway's own fields; the next submit of this step confirms them. */
		async showCard( data, step ) {
			if ( this.card && this.card.secret === data.client_secret ) {
				return;
			}
			await loadScript( this.element.dataset.gatepostScript );
			const stripe = window.Stripe( data.publishable_key, { locale: pageLanguage() } );
			const elements = stripe.elements( { clientSecret: data.client_secret } );
			const place = this.element.querySelector( '[data-gatepost-card]' );
			const fields = elements.create( 'payment' );
			this.closeCard();
			place.hidden = false;
			fields.mount( place );
			this.card = { stripe, elements, fields, place, step, mode: data.mode, order: data.order, secret: data.client_secret };
			this.turnButton( this.card.mode === 'setup' ? this.words.save : this.words.pay );
			this.freezeDetails( true );
			place.tabIndex = -1;
			place.focus();
		}

		closeCard() {
			if ( this.card ) {
				this.card.fields.unmount();
				this.card.place.hidden = true;
				this.turnButton( this.card.label );
				this.freezeDetails( false );
				this.card = null;
			}
		}

		/** Say on the button of the card's step what it does now. */
		turnButton( label ) {
			const button = this.buttonOf( this.card.step );
			if ( button ) {
				this.card.label = button.textContent;
				button.textContent = label;
			}
		}

		/** While it is paid, what is bought stands. */
		freezeDetails( isFrozen ) {
			this.element.querySelectorAll( '[data-gatepost-details]' ).forEach( ( details ) => {
				details.disabled = isFrozen;
			} );
		}

		buttonOf( step ) {
			return this.element.querySelector( 'button[data-gatepost-step="' + step + '"]' ) ||
				this.element.querySelector( 'a[href="' + DOES + step + '"]' ) || this.element.querySelector( 'button:not([type=button])' );
		}

		/** Confirm at the gateway. A declined card may be tried again, or another one: the order stays the same. */
		async confirmCard() {
			const card = this.card;
			const confirm = card.mode === 'setup' ? 'confirmSetup' : 'confirmPayment';
			const result = await card.stripe[ confirm ]( {
				elements: card.elements,
				confirmParams: { return_url: this.returnUrl( card.order ) },
				redirect: 'if_required',
			} );
			if ( result.error && ! isDoneAlready( result.error ) ) {
				this.messages.showAnswer( { state: 'error', message: result.error.message || this.words.failed } );
				return false;
			}
			return this.finish( card.order );
		}

		returnUrl( order ) {
			const url = new URL( window.location.href );
			url.hash = '';
			url.searchParams.set( 'gatepost_order', order );
			url.searchParams.set( 'gatepost_form', this.name );
			return url.href;
		}

		/** Everything in the form that is text; disabled fields are left out, as browsers do. */
		fields( button ) {
			const fields = {};
			new FormData( this.element ).forEach( ( value, name ) => {
				if ( typeof value === 'string' ) {
					fields[ name ] = value;
				}
			} );
			if ( button && button.name ) {
				fields[ button.name ] = button.value;
			}
			return fields;
		}

		setBusy( isBusy ) {
			this.isBusy = isBusy;
			this.element.setAttribute( 'aria-busy', String( isBusy ) );
			this.element.querySelectorAll( 'button, input[type=submit]' ).forEach( ( button ) => {
				button.disabled = isBusy || this.isOver;
			} );
		}
	}

	/** Hand a text over as a file to be kept. */
	function saveFile( file ) {
		const link = document.createElement( 'a' );
		link.href = URL.createObjectURL( new Blob( [ file.text ], { type: file.type } ) );
		link.download = file.name;
		link.click();
		URL.revokeObjectURL( link.href );
	}

	/** Take the mail's key out of the address, and put it where it is sent from. */
	function takeResetKey( forms ) {
		const found = RESET.exec( window.location.hash );
		const form = forms.find( ( one ) => one.name === 'resetPassword' );
		if ( found && form ) {
			form.element.elements.password_key.value = decodeURIComponent( found[ 1 ] );
			form.element.elements.login.value = decodeURIComponent( found[ 2 ] );
			window.history.replaceState( window.history.state, '', window.location.pathname + window.location.search );
		}
	}

	/** Whether the gateway refuses because it has already been confirmed, by another tab or an earlier click. */
	function isDoneAlready( error ) {
		const intent = error.payment_intent || error.setup_intent;
		return Boolean( intent ) && [ 'succeeded', 'processing' ].includes( intent.status );
	}

	const scripts = {};

	/** Load a script once. */
	function loadScript( source ) {
		scripts[ source ] = scripts[ source ] || new Promise( ( resolve, reject ) => {
			const script = document.createElement( 'script' );
			script.src = source;
			script.onload = resolve;
			script.onerror = () => {
				delete scripts[ source ]; // So that the next click tries again.
				reject( new Error( 'not loaded: ' + source ) );
			};
			document.head.appendChild( script );
		} );
		return scripts[ source ];
	}

	function pageLanguage() {
		return document.documentElement.lang.slice( 0, 2 ) || 'auto';
	}

	function pause( seconds ) {
		return new Promise( ( resolve ) => setTimeout( resolve, 1000 * seconds ) );
	}

	function parsed( json ) {
		try {
			return JSON.parse( json || '{}' );
		} catch ( error ) {
			return {};
		}
	}

	/** The order with which the bank has sent the visitor back, and its form; taken out of the address. */
	function takeReturned() {
		const url = new URL( window.location.href );
		const returned = { order: url.searchParams.get( 'gatepost_order' ), form: url.searchParams.get( 'gatepost_form' ) };
		RETURN_PARAMETERS.forEach( ( name ) => url.searchParams.delete( name ) );
		if ( returned.order ) {
			window.history.replaceState( window.history.state, '', url.href );
		}
		return returned;
	}

	/** What is folded up and is meant by the address opens. */
	function openMeant() {
		const place = document.getElementById( window.location.hash.slice( 1 ) );
		if ( place && place.matches( 'details.gatepost-more' ) ) {
			place.open = true;
		}
	}

	function start() {
		openMeant();
		window.addEventListener( 'hashchange', openMeant );
		const forms = Array.from( document.querySelectorAll( 'form[data-gatepost-form]' ), ( element ) => new GatepostForm( element ) );
		const returned = takeReturned();
		const waiting = forms.find( ( form ) => ! returned.form || form.name === returned.form );
		forms.forEach( ( form ) => form.listen() );
		takeResetKey( forms );
		if ( returned.order && waiting ) {
			waiting.busyWith( () => waiting.finish( returned.order ) );
			return;
		}
		forms.filter( ( form ) => form.element.dataset.gatepostOpening ).forEach( ( form ) => {
			form.submit( { dataset: { gatepostStep: form.element.dataset.gatepostOpening } } );
		} );
	}

	start(); // The script stands at the end of the page.
}() );
