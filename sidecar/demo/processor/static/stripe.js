// Stands in for Stripe.js where the test processor plays Stripe: card fields, confirming, the bank's question.
(() => {
  "use strict";

  const HOME = new URL(document.currentScript.src).origin;
  const WORDS = {
    en: {
      number: "Card number", month_year: "MM / YY", expiry: "Expiration (MM / YY)", cvc: "Security code",
      incomplete_number: "Your card number is incomplete.",
      incomplete_expiry: "Your card's expiration date is incomplete.",
      incomplete_cvc: "Your card's security code is incomplete.",
      unreachable: "The test processor cannot be reached.",
      bank: "Test bank", question: "Do you approve this payment?", approve: "Approve", refuse: "Refuse",
    },
    fr: {
      number: "Numéro de carte", month_year: "MM / AA", expiry: "Expiration (MM / AA)", cvc: "Cryptogramme visuel",
      incomplete_number: "Votre numéro de carte est incomplet.",
      incomplete_expiry: "La date d'expiration de votre carte est incomplète.",
      incomplete_cvc: "Le cryptogramme visuel de votre carte est incomplet.",
      unreachable: "Le processeur de test est injoignable.",
      bank: "Banque de test", question: "Approuvez-vous ce paiement ?", approve: "Approuver", refuse: "Refuser",
    },
  };
  const FIELDS = [
    { name: "number", autocomplete: "cc-number", placeholder: "1234 1234 1234 1234", length: 23 },
    { name: "expiry", autocomplete: "cc-exp", length: 9 },
    { name: "cvc", autocomplete: "cc-csc", placeholder: "CVC", length: 4 },
  ];
  const LOOK = `
    :host { display: block; font: inherit; }
    .fields { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
    label { display: block; font-size: .9em; }
    label:first-child { grid-column: 1 / -1; }
    input { box-sizing: border-box; width: 100%; font: inherit; font-size: 1rem; padding: .6em; margin-top: .25em;
      color: #1d2327; background: #fff; border: 1px solid #8c8f94; border-radius: 4px; }
    input:focus-visible { outline: 2px solid #2271b1; outline-offset: 1px; }
    input[aria-invalid=true] { border-color: #b32d2e; }
    [role=alert] { grid-column: 1 / -1; margin: 0; color: #b32d2e; font-size: .9em; }
    [role=alert]:empty { display: none; }`;

  const wordsFor = (locale) => {
    const asked = !locale || locale === "auto" ? navigator.language : locale;
    return asked.toLowerCase().startsWith("fr") ? WORDS.fr : WORDS.en;
  };

  // Nested fields become card[number]=…, as the API wants them.
  const formOf = (fields, prefix = "", form = new URLSearchParams()) => {
    for (const [name, value] of Object.entries(fields)) {
      const path = prefix ? `${prefix}[${name}]` : name;
      if (value === undefined || value === null) continue;
      if (typeof value === "object") formOf(value, path, form);
      else form.append(path, value);
    }
    return form;
  };

  const kindOf = (clientSecret) => (clientSecret.startsWith("seti_") ? "setup_intent" : "payment_intent");
  const idOf = (clientSecret) => clientSecret.split("_secret_")[0];
  const resultOf = (intent) => ({ [intent.object === "setup_intent" ? "setupIntent" : "paymentIntent"]: intent });
  const wrong = (code, message) => ({ type: "validation_error", code, message });

  class CardElement {
    constructor(type, words, whenDestroyed) {
      this.type = type;
      this.words = words;
      this.whenDestroyed = whenDestroyed;
      this.listeners = {};
      this.host = document.createElement("div");
      this.host.className = "StripeElement";
      this.root = this.host.attachShadow({ mode: "open" });
      this.draw();
    }

    draw() {
      const style = document.createElement("style");
      style.textContent = LOOK;
      this.inputs = {};
      this.alert = document.createElement("p");
      this.alert.setAttribute("role", "alert");
      const box = document.createElement("div");
      box.className = "fields";
      box.append(...FIELDS.map((field) => this.drawField(field)), this.alert);
      this.root.append(style, box);
    }

    drawField({ name, autocomplete, placeholder, length }) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.placeholder = placeholder ?? this.words.month_year;
      Object.assign(input, { name, autocomplete, maxLength: length, inputMode: "numeric", type: "text" });
      input.addEventListener("input", () => this.changed(input));
      label.append(this.words[name], input);
      this.inputs[name] = input;
      return label;
    }

    changed(input) {
      input.removeAttribute("aria-invalid");
      this.alert.textContent = "";
      this.tell("change", {
        elementType: this.type, complete: !this.problem(), empty: this.isEmpty(), error: undefined,
        value: { type: "card" },
      });
    }

    isEmpty() {
      return Object.values(this.inputs).every((input) => !input.value);
    }

    digits(name) {
      return this.inputs[name].value.replace(/\D/g, "");
    }

    // The first field that cannot be right, or null.
    problem() {
      if (this.digits("number").length < 12) return "number";
      if (![3, 4, 6].includes(this.digits("expiry").length)) return "expiry";
      if (this.digits("cvc").length < 3) return "cvc";
      return null;
    }

    // An error in Stripe's shape, shown beside the field; null when all is filled in.
    validate() {
      const field = this.problem();
      if (!field) return null;
      const message = this.words[`incomplete_${field}`];
      this.inputs[field].setAttribute("aria-invalid", "true");
      this.alert.textContent = message;
      this.inputs[field].focus();
      return wrong(`incomplete_${field}`, message);
    }

    card() {
      const expiry = this.digits("expiry").padStart(4, "0");
      const long = expiry.length === 6;
      return {
        number: this.digits("number"), cvc: this.digits("cvc"),
        exp_month: expiry.slice(0, 2), exp_year: long ? expiry.slice(2) : `20${expiry.slice(2)}`,
      };
    }

    mount(where) {
      const place = typeof where === "string" ? document.querySelector(where) : where;
      if (!place) throw new Error(`The selector you specified (${where}) applies to no DOM elements.`);
      place.replaceChildren(this.host);
      queueMicrotask(() => this.tell("ready", { elementType: this.type }));
      return this;
    }

    on(event, listener) {
      (this.listeners[event] ??= []).push(listener);
      return this;
    }

    off(event, listener) {
      this.listeners[event] = (this.listeners[event] ?? []).filter((known) => known !== listener);
      return this;
    }

    tell(event, detail) {
      for (const listener of this.listeners[event] ?? []) listener(detail);
    }

    update() {}
    focus() { this.inputs.number.focus(); }
    blur() { this.root.activeElement?.blur(); }
    clear() { for (const input of Object.values(this.inputs)) input.value = ""; }
    collapse() {}
    unmount() { this.host.remove(); }
    destroy() { this.unmount(); this.whenDestroyed(); }
  }

  class Elements {
    constructor(words, options) {
      this.words = words;
      this.options = options;
      this.element = null;
    }

    create(type) {
      if (!["payment", "card"].includes(type)) throw new Error(`This stand-in has no element of type ${type}.`);
      if (this.element) throw new Error("Can only create one Element of this type.");
      this.element = new CardElement(type, this.words, () => { this.element = null; });
      return this.element;
    }

    getElement() { return this.element; }
    update(options) { this.options = { ...this.options, ...options }; }
    async fetchUpdates() { return {}; }

    async submit() {
      const error = this.element ? this.element.validate() : wrong("incomplete_number", this.words.incomplete_number);
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  class StripeStandIn {
    constructor(key, options) {
      this.key = key;
      this.words = wordsFor(options.locale);
    }

    elements(options = {}) {
      return new Elements(options.locale ? wordsFor(options.locale) : this.words, options);
    }

    async call(method, path, fields) {
      const form = formOf(fields).toString();
      const reading = method === "GET";
      try {
        const answer = await fetch(`${HOME}${path}${reading ? `?${form}` : ""}`, {
          method, body: reading ? undefined : form,
          headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/x-www-form-urlencoded" },
        });
        return await answer.json();
      } catch {
        return { error: { type: "api_connection_error", message: this.words.unreachable } };
      }
    }

    async createPaymentMethod({ elements, element, type, card, billing_details: billing, params }) {
      const shown = element ?? elements?.element ?? card;
      const error = shown.validate();
      if (error) return { error };
      const details = billing ?? params?.billing_details;
      const fields = { type: type ?? "card", card: shown.card(), billing_details: details };
      const answer = await this.call("POST", "/v1/payment_methods", fields);
      return answer.error ? answer : { paymentMethod: answer };
    }

    async retrieve(clientSecret) {
      const path = `/v1/${kindOf(clientSecret)}s/${idOf(clientSecret)}`;
      const answer = await this.call("GET", path, { client_secret: clientSecret });
      return answer.error ? answer : resultOf(answer);
    }

    retrievePaymentIntent(clientSecret) { return this.retrieve(clientSecret); }
    retrieveSetupIntent(clientSecret) { return this.retrieve(clientSecret); }

    confirmPayment(options) { return this.confirmWithElements(options); }
    confirmSetup(options) { return this.confirmWithElements(options); }

    async confirmWithElements({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
      if (redirect !== "if_required" && !confirmParams.return_url) {
        throw new Error("confirmParams.return_url is needed unless redirect is if_required.");
      }
      const secret = clientSecret ?? elements.options.clientSecret;
      const { payment_method_data: more, return_url: back, ...params } = confirmParams;
      if (!params.payment_method) {
        const { error } = await elements.submit();
        if (error) return { error };
        params.payment_method_data = { ...more, type: "card", card: elements.element.card() };
      }
      const result = await this.confirm(secret, { ...params, return_url: back });
      if (!result.error && redirect !== "if_required") this.leave(back, secret, result);
      return result;
    }

    leave(back, secret, result) {
      const intent = result.paymentIntent ?? result.setupIntent;
      const address = new URL(back, location.href);
      address.searchParams.set(intent.object, intent.id);
      address.searchParams.set(`${intent.object}_client_secret`, secret);
      address.searchParams.set("redirect_status", intent.status === "requires_payment_method" ? "failed" : "succeeded");
      location.assign(address);
    }

    confirmCardPayment(secret, data, options) { return this.confirmCard(secret, data, options); }
    confirmCardSetup(secret, data, options) { return this.confirmCard(secret, data, options); }

    async confirmCard(secret, { payment_method: method, ...params } = {}, { handleActions = true } = {}) {
      if (typeof method === "string") params.payment_method = method;
      else if (method) {
        const error = method.card.validate();
        if (error) return { error };
        params.payment_method_data = { type: "card", card: method.card.card(), billing_details: method.billing_details };
      }
      return this.confirm(secret, params, handleActions);
    }

    async confirm(secret, params, handleActions = true) {
      const path = `/v1/${kindOf(secret)}s/${idOf(secret)}/confirm`;
      const answer = await this.call("POST", path, { ...params, client_secret: secret, use_stripe_sdk: true });
      if (answer.error) return answer;
      return answer.status === "requires_action" && handleActions ? this.askBank(answer) : resultOf(answer);
    }

    async handleNextAction({ clientSecret }) {
      const result = await this.retrieve(clientSecret);
      const intent = result.paymentIntent ?? result.setupIntent;
      return intent?.status === "requires_action" ? this.askBank(intent) : result;
    }

    async askBank(intent) {
      const outcome = await this.dialog();
      const fields = { intent: intent.id, client_secret: intent.client_secret, outcome };
      const answer = await this.call("POST", "/v3/authenticate", fields);
      const error = answer.error ?? answer.last_payment_error ?? answer.last_setup_error;
      return error ? { error: { ...error, [answer.object ?? "intent"]: answer } } : resultOf(answer);
    }

    // The customer's answer; closing the dialog by Escape refuses.
    dialog() {
      const box = document.createElement("dialog");
      const title = document.createElement("h2");
      const question = document.createElement("p");
      title.textContent = this.words.bank;
      title.id = "test-bank-title";
      question.textContent = this.words.question;
      box.setAttribute("aria-labelledby", title.id);
      box.append(title, question);
      const answered = new Promise((resolve) => {
        for (const outcome of ["approve", "refuse"]) {
          const button = document.createElement("button");
          Object.assign(button, { type: "button", textContent: this.words[outcome] });
          button.style.cssText = "font: inherit; padding: .5em 1em; margin-inline-end: 1em";
          button.addEventListener("click", () => { resolve(outcome); box.close(); });
          box.append(button);
        }
        box.addEventListener("close", () => { resolve("refuse"); box.remove(); });
      });
      document.body.append(box);
      box.showModal();
      return answered;
    }
  }

  window.Stripe = (key, options = {}) => {
    if (!/^pk_(test|live)_./.test(key ?? "")) throw new Error("Stripe() wants a publishable key.");
    return new StripeStandIn(key, options);
  };
  window.Stripe.version = "test-processor";
})();
