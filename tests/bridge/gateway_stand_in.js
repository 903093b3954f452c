/* A gateway's script as far as the forms' script uses one: fields in the given place, and results by card number. */
window.Stripe = ( key, options ) => {
	const calls = ( window.gatewayCalls = window.gatewayCalls || [] );
	calls.push( [ 'Stripe', key, options.locale ] );
	const confirm = ( kind ) => async ( { elements, confirmParams, redirect } ) => {
		const number = elements.place.querySelector( 'input' ).value;
		calls.push( [ kind, elements.secret, number, confirmParams.return_url, redirect ] );
		if ( number === 'declined' ) {
			return { error: { type: 'card_error', message: 'Your card was declined.' } };
		}
		if ( number === 'paid before' ) {
			return { error: { message: 'unexpected state', payment_intent: { status: 'succeeded' } } };
		}
		if ( number === 'bank' ) {
			window.location.assign( confirmParams.return_url + '&payment_intent=pi_1&redirect_status=succeeded' );
			return new Promise( () => {} );
		}
		return { paymentIntent: { status: 'succeeded' } };
	};
	return {
		elements: ( { clientSecret } ) => {
			const elements = { secret: clientSecret };
			elements.create = () => ( {
				mount: ( place ) => {
					elements.place = place;
					place.innerHTML = '<label>Card <input></label>'; // Without a name: no form ever sends it.
				},
				unmount: () => elements.place.replaceChildren(),
			} );
			return elements;
		},
		confirmPayment: confirm( 'payment' ),
		confirmSetup: confirm( 'setup' ),
	};
};
