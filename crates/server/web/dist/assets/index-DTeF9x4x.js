var e=globalThis,t=e.ShadowRoot&&(e.ShadyCSS===void 0||e.ShadyCSS.nativeShadow)&&`adoptedStyleSheets`in Document.prototype&&`replace`in CSSStyleSheet.prototype,n=Symbol(),r=new WeakMap,i=class{constructor(e,t,r){if(this._$cssResult$=!0,r!==n)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=e,this.t=t}get styleSheet(){let e=this.o,n=this.t;if(t&&e===void 0){let t=n!==void 0&&n.length===1;t&&(e=r.get(n)),e===void 0&&((this.o=e=new CSSStyleSheet).replaceSync(this.cssText),t&&r.set(n,e))}return e}toString(){return this.cssText}},a=e=>new i(typeof e==`string`?e:e+``,void 0,n),o=(e,...t)=>new i(e.length===1?e[0]:t.reduce((t,n,r)=>t+(e=>{if(!0===e._$cssResult$)return e.cssText;if(typeof e==`number`)return e;throw Error(`Value passed to 'css' function must be a 'css' function result: `+e+`. Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.`)})(n)+e[r+1],e[0]),e,n),s=(n,r)=>{if(t)n.adoptedStyleSheets=r.map(e=>e instanceof CSSStyleSheet?e:e.styleSheet);else for(let t of r){let r=document.createElement(`style`),i=e.litNonce;i!==void 0&&r.setAttribute(`nonce`,i),r.textContent=t.cssText,n.appendChild(r)}},c=t?e=>e:e=>e instanceof CSSStyleSheet?(e=>{let t=``;for(let n of e.cssRules)t+=n.cssText;return a(t)})(e):e,{is:l,defineProperty:u,getOwnPropertyDescriptor:d,getOwnPropertyNames:f,getOwnPropertySymbols:p,getPrototypeOf:m}=Object,h=globalThis,ee=h.trustedTypes,te=ee?ee.emptyScript:``,ne=h.reactiveElementPolyfillSupport,re=(e,t)=>e,ie={toAttribute(e,t){switch(t){case Boolean:e=e?te:null;break;case Object:case Array:e=e==null?e:JSON.stringify(e)}return e},fromAttribute(e,t){let n=e;switch(t){case Boolean:n=e!==null;break;case Number:n=e===null?null:Number(e);break;case Object:case Array:try{n=JSON.parse(e)}catch{n=null}}return n}},ae=(e,t)=>!l(e,t),oe={attribute:!0,type:String,converter:ie,reflect:!1,useDefault:!1,hasChanged:ae};Symbol.metadata??=Symbol(`metadata`),h.litPropertyMetadata??=new WeakMap;var se=class extends HTMLElement{static addInitializer(e){this._$Ei(),(this.l??=[]).push(e)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(e,t=oe){if(t.state&&(t.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(e)&&((t=Object.create(t)).wrapped=!0),this.elementProperties.set(e,t),!t.noAccessor){let n=Symbol(),r=this.getPropertyDescriptor(e,n,t);r!==void 0&&u(this.prototype,e,r)}}static getPropertyDescriptor(e,t,n){let{get:r,set:i}=d(this.prototype,e)??{get(){return this[t]},set(e){this[t]=e}};return{get:r,set(t){let a=r?.call(this);i?.call(this,t),this.requestUpdate(e,a,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(e){return this.elementProperties.get(e)??oe}static _$Ei(){if(this.hasOwnProperty(re(`elementProperties`)))return;let e=m(this);e.finalize(),e.l!==void 0&&(this.l=[...e.l]),this.elementProperties=new Map(e.elementProperties)}static finalize(){if(this.hasOwnProperty(re(`finalized`)))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(re(`properties`))){let e=this.properties,t=[...f(e),...p(e)];for(let n of t)this.createProperty(n,e[n])}let e=this[Symbol.metadata];if(e!==null){let t=litPropertyMetadata.get(e);if(t!==void 0)for(let[e,n]of t)this.elementProperties.set(e,n)}this._$Eh=new Map;for(let[e,t]of this.elementProperties){let n=this._$Eu(e,t);n!==void 0&&this._$Eh.set(n,e)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(e){let t=[];if(Array.isArray(e)){let n=new Set(e.flat(1/0).reverse());for(let e of n)t.unshift(c(e))}else e!==void 0&&t.push(c(e));return t}static _$Eu(e,t){let n=t.attribute;return!1===n?void 0:typeof n==`string`?n:typeof e==`string`?e.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(e=>this.enableUpdating=e),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(e=>e(this))}addController(e){(this._$EO??=new Set).add(e),this.renderRoot!==void 0&&this.isConnected&&e.hostConnected?.()}removeController(e){this._$EO?.delete(e)}_$E_(){let e=new Map,t=this.constructor.elementProperties;for(let n of t.keys())this.hasOwnProperty(n)&&(e.set(n,this[n]),delete this[n]);e.size>0&&(this._$Ep=e)}createRenderRoot(){let e=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return s(e,this.constructor.elementStyles),e}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(e=>e.hostConnected?.())}enableUpdating(e){}disconnectedCallback(){this._$EO?.forEach(e=>e.hostDisconnected?.())}attributeChangedCallback(e,t,n){this._$AK(e,n)}_$ET(e,t){let n=this.constructor.elementProperties.get(e),r=this.constructor._$Eu(e,n);if(r!==void 0&&!0===n.reflect){let i=(n.converter?.toAttribute===void 0?ie:n.converter).toAttribute(t,n.type);this._$Em=e,i==null?this.removeAttribute(r):this.setAttribute(r,i),this._$Em=null}}_$AK(e,t){let n=this.constructor,r=n._$Eh.get(e);if(r!==void 0&&this._$Em!==r){let e=n.getPropertyOptions(r),i=typeof e.converter==`function`?{fromAttribute:e.converter}:e.converter?.fromAttribute===void 0?ie:e.converter;this._$Em=r;let a=i.fromAttribute(t,e.type);this[r]=a??this._$Ej?.get(r)??a,this._$Em=null}}requestUpdate(e,t,n,r=!1,i){if(e!==void 0){let a=this.constructor;if(!1===r&&(i=this[e]),n??=a.getPropertyOptions(e),!((n.hasChanged??ae)(i,t)||n.useDefault&&n.reflect&&i===this._$Ej?.get(e)&&!this.hasAttribute(a._$Eu(e,n))))return;this.C(e,t,n)}!1===this.isUpdatePending&&(this._$ES=this._$EP())}C(e,t,{useDefault:n,reflect:r,wrapped:i},a){n&&!(this._$Ej??=new Map).has(e)&&(this._$Ej.set(e,a??t??this[e]),!0!==i||a!==void 0)||(this._$AL.has(e)||(this.hasUpdated||n||(t=void 0),this._$AL.set(e,t)),!0===r&&this._$Em!==e&&(this._$Eq??=new Set).add(e))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(e){Promise.reject(e)}let e=this.scheduleUpdate();return e!=null&&await e,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[e,t]of this._$Ep)this[e]=t;this._$Ep=void 0}let e=this.constructor.elementProperties;if(e.size>0)for(let[t,n]of e){let{wrapped:e}=n,r=this[t];!0!==e||this._$AL.has(t)||r===void 0||this.C(t,void 0,n,r)}}let e=!1,t=this._$AL;try{e=this.shouldUpdate(t),e?(this.willUpdate(t),this._$EO?.forEach(e=>e.hostUpdate?.()),this.update(t)):this._$EM()}catch(t){throw e=!1,this._$EM(),t}e&&this._$AE(t)}willUpdate(e){}_$AE(e){this._$EO?.forEach(e=>e.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(e)),this.updated(e)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(e){return!0}update(e){this._$Eq&&=this._$Eq.forEach(e=>this._$ET(e,this[e])),this._$EM()}updated(e){}firstUpdated(e){}};se.elementStyles=[],se.shadowRootOptions={mode:`open`},se[re(`elementProperties`)]=new Map,se[re(`finalized`)]=new Map,ne?.({ReactiveElement:se}),(h.reactiveElementVersions??=[]).push(`2.1.2`);var g=globalThis,ce=e=>e,le=g.trustedTypes,ue=le?le.createPolicy(`lit-html`,{createHTML:e=>e}):void 0,de=`$lit$`,_=`lit$${Math.random().toFixed(9).slice(2)}$`,fe=`?`+_,pe=`<${fe}>`,me=document,he=()=>me.createComment(``),ge=e=>e===null||typeof e!=`object`&&typeof e!=`function`,_e=Array.isArray,ve=e=>_e(e)||typeof e?.[Symbol.iterator]==`function`,ye=`[ 	
\f\r]`,be=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,xe=/-->/g,Se=/>/g,Ce=RegExp(`>|${ye}(?:([^\\s"'>=/]+)(${ye}*=${ye}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`,`g`),we=/'/g,Te=/"/g,Ee=/^(?:script|style|textarea|title)$/i,v=e=>(t,...n)=>({_$litType$:e,strings:t,values:n}),y=v(1),b=v(2),De=Symbol.for(`lit-noChange`),x=Symbol.for(`lit-nothing`),Oe=new WeakMap,ke=me.createTreeWalker(me,129);function Ae(e,t){if(!_e(e)||!e.hasOwnProperty(`raw`))throw Error(`invalid template strings array`);return ue===void 0?t:ue.createHTML(t)}var je=(e,t)=>{let n=e.length-1,r=[],i,a=t===2?`<svg>`:t===3?`<math>`:``,o=be;for(let t=0;t<n;t++){let n=e[t],s,c,l=-1,u=0;for(;u<n.length&&(o.lastIndex=u,c=o.exec(n),c!==null);)u=o.lastIndex,o===be?c[1]===`!--`?o=xe:c[1]===void 0?c[2]===void 0?c[3]!==void 0&&(o=Ce):(Ee.test(c[2])&&(i=RegExp(`</`+c[2],`g`)),o=Ce):o=Se:o===Ce?c[0]===`>`?(o=i??be,l=-1):c[1]===void 0?l=-2:(l=o.lastIndex-c[2].length,s=c[1],o=c[3]===void 0?Ce:c[3]===`"`?Te:we):o===Te||o===we?o=Ce:o===xe||o===Se?o=be:(o=Ce,i=void 0);let d=o===Ce&&e[t+1].startsWith(`/>`)?` `:``;a+=o===be?n+pe:l>=0?(r.push(s),n.slice(0,l)+de+n.slice(l)+_+d):n+_+(l===-2?t:d)}return[Ae(e,a+(e[n]||`<?>`)+(t===2?`</svg>`:t===3?`</math>`:``)),r]},Me=class e{constructor({strings:t,_$litType$:n},r){let i;this.parts=[];let a=0,o=0,s=t.length-1,c=this.parts,[l,u]=je(t,n);if(this.el=e.createElement(l,r),ke.currentNode=this.el.content,n===2||n===3){let e=this.el.content.firstChild;e.replaceWith(...e.childNodes)}for(;(i=ke.nextNode())!==null&&c.length<s;){if(i.nodeType===1){if(i.hasAttributes())for(let e of i.getAttributeNames())if(e.endsWith(de)){let t=u[o++],n=i.getAttribute(e).split(_),r=/([.?@])?(.*)/.exec(t);c.push({type:1,index:a,name:r[2],strings:n,ctor:r[1]===`.`?w:r[1]===`?`?Fe:r[1]===`@`?Ie:Pe}),i.removeAttribute(e)}else e.startsWith(_)&&(c.push({type:6,index:a}),i.removeAttribute(e));if(Ee.test(i.tagName)){let e=i.textContent.split(_),t=e.length-1;if(t>0){i.textContent=le?le.emptyScript:``;for(let n=0;n<t;n++)i.append(e[n],he()),ke.nextNode(),c.push({type:2,index:++a});i.append(e[t],he())}}}else if(i.nodeType===8){if(i.data===fe)c.push({type:2,index:a});else{let e=-1;for(;(e=i.data.indexOf(_,e+1))!==-1;)c.push({type:7,index:a}),e+=_.length-1}}a++}}static createElement(e,t){let n=me.createElement(`template`);return n.innerHTML=e,n}};function S(e,t,n=e,r){if(t===De)return t;let i=r===void 0?n._$Cl:n._$Co?.[r],a=ge(t)?void 0:t._$litDirective$;return i?.constructor!==a&&(i?._$AO?.(!1),a===void 0?i=void 0:(i=new a(e),i._$AT(e,n,r)),r===void 0?n._$Cl=i:(n._$Co??=[])[r]=i),i!==void 0&&(t=S(e,i._$AS(e,t.values),i,r)),t}var Ne=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:n}=this._$AD,r=(e?.creationScope??me).importNode(t,!0);ke.currentNode=r;let i=ke.nextNode(),a=0,o=0,s=n[0];for(;s!==void 0;){if(a===s.index){let t;s.type===2?t=new C(i,i.nextSibling,this,e):s.type===1?t=new s.ctor(i,s.name,s.strings,this,e):s.type===6&&(t=new Le(i,this,e)),this._$AV.push(t),s=n[++o]}a!==s?.index&&(i=ke.nextNode(),a++)}return ke.currentNode=me,r}p(e){let t=0;for(let n of this._$AV)n!==void 0&&(n.strings===void 0?n._$AI(e[t]):(n._$AI(e,n,t),t+=n.strings.length-2)),t++}},C=class e{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,n,r){this.type=2,this._$AH=x,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=n,this.options=r,this._$Cv=r?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=S(this,e,t),ge(e)?e===x||e==null||e===``?(this._$AH!==x&&this._$AR(),this._$AH=x):e!==this._$AH&&e!==De&&this._(e):e._$litType$===void 0?e.nodeType===void 0?ve(e)?this.k(e):this._(e):this.T(e):this.$(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==x&&ge(this._$AH)?this._$AA.nextSibling.data=e:this.T(me.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:n}=e,r=typeof n==`number`?this._$AC(e):(n.el===void 0&&(n.el=Me.createElement(Ae(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===r)this._$AH.p(t);else{let e=new Ne(r,this),n=e.u(this.options);e.p(t),this.T(n),this._$AH=e}}_$AC(e){let t=Oe.get(e.strings);return t===void 0&&Oe.set(e.strings,t=new Me(e)),t}k(t){_e(this._$AH)||(this._$AH=[],this._$AR());let n=this._$AH,r,i=0;for(let a of t)i===n.length?n.push(r=new e(this.O(he()),this.O(he()),this,this.options)):r=n[i],r._$AI(a),i++;i<n.length&&(this._$AR(r&&r._$AB.nextSibling,i),n.length=i)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let t=ce(e).nextSibling;ce(e).remove(),e=t}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},Pe=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,n,r,i){this.type=1,this._$AH=x,this._$AN=void 0,this.element=e,this.name=t,this._$AM=r,this.options=i,n.length>2||n[0]!==``||n[1]!==``?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=x}_$AI(e,t=this,n,r){let i=this.strings,a=!1;if(i===void 0)e=S(this,e,t,0),a=!ge(e)||e!==this._$AH&&e!==De,a&&(this._$AH=e);else{let r=e,o,s;for(e=i[0],o=0;o<i.length-1;o++)s=S(this,r[n+o],t,o),s===De&&(s=this._$AH[o]),a||=!ge(s)||s!==this._$AH[o],s===x?e=x:e!==x&&(e+=(s??``)+i[o+1]),this._$AH[o]=s}a&&!r&&this.j(e)}j(e){e===x?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??``)}},w=class extends Pe{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===x?void 0:e}},Fe=class extends Pe{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==x)}},Ie=class extends Pe{constructor(e,t,n,r,i){super(e,t,n,r,i),this.type=5}_$AI(e,t=this){if((e=S(this,e,t,0)??x)===De)return;let n=this._$AH,r=e===x&&n!==x||e.capture!==n.capture||e.once!==n.once||e.passive!==n.passive,i=e!==x&&(n===x||r);r&&this.element.removeEventListener(this.name,this,n),i&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH==`function`?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},Le=class{constructor(e,t,n){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(e){S(this,e)}},Re={M:de,P:_,A:fe,C:1,L:je,R:Ne,D:ve,V:S,I:C,H:Pe,N:Fe,U:Ie,B:w,F:Le},ze=g.litHtmlPolyfillSupport;ze?.(Me,C),(g.litHtmlVersions??=[]).push(`3.3.3`);var Be=(e,t,n)=>{let r=n?.renderBefore??t,i=r._$litPart$;if(i===void 0){let e=n?.renderBefore??null;r._$litPart$=i=new C(t.insertBefore(he(),e),e,void 0,n??{})}return i._$AI(e),i},Ve=globalThis,T=class extends se{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let e=super.createRenderRoot();return this.renderOptions.renderBefore??=e.firstChild,e}update(e){let t=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(e),this._$Do=Be(t,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return De}};T._$litElement$=!0,T.finalized=!0,Ve.litElementHydrateSupport?.({LitElement:T});var He=Ve.litElementPolyfillSupport;He?.({LitElement:T}),(Ve.litElementVersions??=[]).push(`4.2.2`);var E=e=>(t,n)=>{n===void 0?customElements.define(e,t):n.addInitializer(()=>{customElements.define(e,t)})},Ue={attribute:!0,type:String,converter:ie,reflect:!1,hasChanged:ae},We=(e=Ue,t,n)=>{let{kind:r,metadata:i}=n,a=globalThis.litPropertyMetadata.get(i);if(a===void 0&&globalThis.litPropertyMetadata.set(i,a=new Map),r===`setter`&&((e=Object.create(e)).wrapped=!0),a.set(n.name,e),r===`accessor`){let{name:r}=n;return{set(n){let i=t.get.call(this);t.set.call(this,n),this.requestUpdate(r,i,e,!0,n)},init(t){return t!==void 0&&this.C(r,void 0,e,t),t}}}if(r===`setter`){let{name:r}=n;return function(n){let i=this[r];t.call(this,n),this.requestUpdate(r,i,e,!0,n)}}throw Error(`Unsupported decorator location: `+r)};function D(e){return(t,n)=>typeof n==`object`?We(e,t,n):((e,t,n)=>{let r=t.hasOwnProperty(n);return t.constructor.createProperty(n,e),r?Object.getOwnPropertyDescriptor(t,n):void 0})(e,t,n)}function O(e){return D({...e,state:!0,attribute:!1})}var Ge=(e,t,n)=>(n.configurable=!0,n.enumerable=!0,Reflect.decorate&&typeof t!=`object`&&Object.defineProperty(e,t,n),n);function k(e,t){return(n,r,i)=>{let a=t=>t.renderRoot?.querySelector(e)??null;if(t){let{get:e,set:t}=typeof r==`object`?n:i??(()=>{let e=Symbol();return{get(){return this[e]},set(t){this[e]=t}}})();return Ge(n,r,{get(){let n=e.call(this);return n===void 0&&(n=a(this),(n!==null||this.hasUpdated)&&t.call(this,n)),n}})}return Ge(n,r,{get(){return a(this)}})}}var Ke=45e3,qe=class{#e=``;#t=``;#n=[];push(e){let t=this.#e+e,n=t.endsWith(`\r`)?t.slice(0,-1):t,r=n.split(/\r\n|\n|\r/);return this.#e=(r.pop()??``)+t.slice(n.length),r.flatMap(e=>this.#r(e)??[])}#r(e){if(e===``)return this.#i();let t=e.indexOf(`:`),n=t<0?e:e.slice(0,t),r=t<0?``:e.slice(t+1).replace(/^ /,``);return n===`event`&&(this.#t=r),n===`data`&&this.#n.push(r),null}#i(){let e=this.#n.length>0?{event:this.#t||`message`,data:this.#n.join(`
`)}:null;return this.#t=``,this.#n=[],e}};async function*Je(e){let t=new qe,n=new TextDecoder,r=e.getReader();try{for(;;){let{done:e,value:i}=await Ye(r.read());if(e)return;yield*t.push(n.decode(i,{stream:!0}))}}finally{r.cancel().catch(()=>{})}}async function Ye(e){let t,n=new Promise((e,n)=>{t=setTimeout(()=>n(Error(`nothing came any more`)),Ke)});try{return await Promise.race([e,n])}finally{clearTimeout(t)}}var Xe=class extends Error{constructor(e,t){super(t),this.status=e}},Ze=class extends Error{constructor(){super(`sottovoce cannot be reached`)}},Qe=/^[\w!#$%&'*+.^`|~-]+$/,$e=class{constructor(e,t){this.token=e,this.report=t}status(){return this.#e(`GET`,`/api/status`)}settings(){return this.#e(`GET`,`/api/settings`)}saveSettings(e){return this.#e(`PUT`,`/api/settings`,e)}list({search:e,favourites:t,limit:n,after:r},i){let a=new URLSearchParams({limit:String(n)});return e&&a.set(`search`,e),t&&a.set(`favourites`,`true`),r&&a.set(`after`,r),this.#e(`GET`,`/api/conversations?${a}`,void 0,i)}create(e){return this.#e(`POST`,`/api/conversations`,{system_prompt:e})}transcript(e,t){return this.#e(`GET`,`/api/conversations/${e}`,void 0,t)}update(e,t){return this.#e(`PATCH`,`/api/conversations/${e}`,t)}async delete(e){await this.#t(`DELETE`,`/api/conversations/${e}`)}deleteAll(){return this.#e(`DELETE`,`/api/conversations`)}ask(e,t,n){return this.#e(`POST`,`/api/conversations/${e}/messages`,{text:t,parent:n})}answerAgain(e){return this.#e(`POST`,`/api/messages/${e}/answers`)}async stop(e){await this.#t(`POST`,`/api/messages/${e}/stop`)}setFavourite(e,t){return this.#e(`PATCH`,`/api/messages/${e}`,{favourite:t})}async deleteMessage(e){await this.#t(`DELETE`,`/api/messages/${e}`)}async*answer(e,t){let n=await this.#t(`GET`,`/api/messages/${e}/events`,void 0,t);n.body&&(yield*Je(n.body))}async export(e,t){let n=t?`/api/conversations/${t}/export`:`/api/export`,r=await this.#t(`GET`,`${n}?format=${e}`),i=r.headers.get(`content-disposition`)??``,a=e===`json`?`sottovoce.json`:`sottovoce.md`;return{name:/filename="([^"]+)"/.exec(i)?.[1]??a,blob:await r.blob()}}import(e){return this.#e(`POST`,`/api/import`,e)}converse(){let e=new URL(`/v1/realtime`,location.href);e.protocol=e.protocol===`https:`?`wss:`:`ws:`;let t=this.token();if(!t)return new WebSocket(e,[`realtime`]);if(!Qe.test(t))throw Error(`a browser cannot send the server’s token here; one of letters and digits alone is for all`);return new WebSocket(e,[`realtime`,`openai-insecure-api-key.${t}`])}async#e(e,t,n,r){return await(await this.#t(e,t,n,r)).json()}async#t(e,t,n,r){let i=new Headers,a=this.token();a&&i.set(`authorization`,`Bearer ${a}`),n!==void 0&&i.set(`content-type`,`application/json`);let o=n===void 0?null:n instanceof Blob?n:JSON.stringify(n),s;try{s=await fetch(t,{method:e,headers:i,body:o,signal:r??null,cache:`no-store`})}catch(e){throw r?.aborted?e:(this.report(`unreachable`),new Ze)}if(s.status!==429&&this.report(s.status===401?`locked`:`reached`),!s.ok)throw new Xe(s.status,await et(s));return s}};async function et(e){let t=await e.text().catch(()=>``);try{let{error:e}=JSON.parse(t);return e.message}catch{return t||`the server answered ${e.status}`}}var tt=250,nt=8e3;function rt(e,t=Math.random){return Math.min(nt,tt*2**e)*(.5+t()/2)}function it(e,t){return new Promise((n,r)=>{let i=()=>{clearTimeout(a),window.removeEventListener(`online`,i),t.removeEventListener(`abort`,i),t.aborted?r(t.reason):n()},a=setTimeout(i,e);window.addEventListener(`online`,i),t.addEventListener(`abort`,i),t.aborted&&i()})}var at=class{#e=new Set;subscribe(e){return this.#e.add(e),()=>this.#e.delete(e)}changed(){for(let e of[...this.#e])e()}},A=class{#e=[];constructor(e,t){this.host=e,this.subjects=t,e.addController(this)}hostConnected(){this.#e=this.subjects().map(e=>e.subscribe(()=>this.host.requestUpdate()))}hostDisconnected(){for(let e of this.#e)e()}},ot=`sottovoce.`;function st(e){try{return localStorage.getItem(ot+e)}catch{return null}}function j(e,t){try{t?localStorage.setItem(ot+e,t):localStorage.removeItem(ot+e)}catch{}}var ct=500,lt=15e3,ut=2**31-1,dt=class extends at{#e;#t;constructor(e){super(),this.onReturn=e,this.api=new $e(()=>this.#e,e=>this.#i(e)),this.state=`connecting`,this.status=null,this.#e=st(`token`),this.#t=new AbortController,document.addEventListener(`visibilitychange`,()=>!document.hidden&&this.retry())}get tokenWasRefused(){return this.state===`locked`&&this.#e!==null}async run(){for(let e=0;;){let t=this.#e;try{this.status=await this.api.status(),e=0,this.changed()}catch{e++}this.#e===t&&await this.#r(this.#n(e))}}#n(e){return this.state===`locked`?ut:e>0?rt(e):[this.status?.model.state,this.status?.voice.state].includes(`loading`)?ct:lt}retry(){this.#t.abort()}unlock(e){this.#e=e,j(`token`,e),this.state=`connecting`,this.changed(),this.retry()}async#r(e){this.#t=new AbortController,await it(e,this.#t.signal).catch(()=>{})}#i(e){let t=this.state;this.state=e===`reached`?`online`:e===`locked`?`locked`:`offline`,this.state!==t&&(this.changed(),this.state===`online`&&this.onReturn(),this.state===`offline`&&t===`online`&&this.retry())}},ft=50,pt=class extends at{#e;constructor(e){super(),this.api=e,this.items=[],this.more=!1,this.state=`loading`,this.search=``,this.favourites=!1,this.#e=new AbortController}async find(e,t){this.search=e.trim(),this.favourites=t,await this.refresh()}async refresh(){await this.#t(null,Math.min(200,Math.max(ft,this.items.length)))}async loadMore(){await this.#t(this.items.at(-1)?.id??null,ft)}adopt(e){this.items=this.items.map(t=>t.id===e.id?{...t,...e}:t),this.changed()}forget(e){this.items=this.items.filter(t=>t.id!==e),this.changed()}async#t(e,t){this.#e.abort();let{signal:n}=this.#e=new AbortController;try{let{search:r,favourites:i}=this,a=await this.api.list({search:r,favourites:i,limit:t,after:e},n);if(n.aborted)return;this.items=e===null?a.conversations:[...this.items,...a.conversations],this.more=a.more,this.state=`ready`}catch{if(n.aborted)return;this.state=this.items.length>0?`ready`:`failed`}this.changed()}},mt=class extends at{constructor(...e){super(...e),this.current=[],this.#e=0}#e;add(e,t){this.#t({id:this.#e++,text:e,tone:`plain`,action:t})}problem(e){this.#t({id:this.#e++,text:e,tone:`problem`})}dismiss(e){this.current=this.current.filter(t=>t.id!==e),this.changed()}async attempt(e,t){try{await e()}catch(e){this.problem(`${t}: ${e instanceof Error?e.message:String(e)}`)}}#t(e){this.current=[...this.current.filter(({text:t})=>t!==e.text),e].slice(-3),this.changed()}};async function ht(e,t,n,r,i){for(let a=0;;a++){try{let o=``;for await(let{event:s,data:c}of e.answer(t,n)){if(s===`done`)return JSON.parse(c);if(s===`error`?i(JSON.parse(c).error.message):a=0,s!==`text`&&s!==`delta`)continue;let{text:e,usage:t}=JSON.parse(c);o=s===`text`?e:o+e,r(o,t)}}catch(e){if(n.throwIfAborted(),e instanceof Xe&&gt(e.status))throw e}await it(rt(a),n)}}function gt(e){return e<500&&e!==408&&e!==429}function _t(e,t){let n=new Map(e.map(e=>[e.id,e])),r=new Map;for(let t of e){let e=r.get(t.parent);e?e.push(t):r.set(t.parent,[t])}let i=e.reduce((e,t)=>e&&e.created>t.created?e:t,null),a=t!==null&&n.has(t)?t:i?.id??null,o=new Set;for(let e=a;e!==null&&!o.has(e);e=n.get(e)?.parent??null)o.add(e);let s=[];for(let e=r.get(null);e!==void 0;){let t=e.find(({id:e})=>o.has(e))??e.at(-1);if(!t)break;s.push({message:t,siblings:e.map(({id:e})=>e)}),e=r.get(t.id)}return s}function vt(e,t){let n=new Set([t]);for(let{id:t,parent:r}of e)r!==null&&n.has(r)&&n.add(t);return n}var yt=50,M=class extends at{#e;#t;#n;#r;#i;#a;#o;#s;constructor(e,t){super(),this.api=e,this.onChange=t,this.id=null,this.conversation=null,this.state=`ready`,this.instructions=null,this.target=null,this.sought=null,this.#e=[],this.#t=[],this.#n=null,this.#r=new Map,this.#a=null,this.#o=new Map,this.#s=new Map}get steps(){return this.#t}get streaming(){let e=this.#t.at(-1)?.message;return e?.state===`streaming`?e:null}problem(e){return this.#o.get(e)??null}taken({id:e,usage:t}){return t??this.#s.get(e)??null}get leaf(){return this.#t.at(-1)?.message.id??null}async open(e,t){(e!==this.id||e===null)&&(this.#l(),this.id=e,this.state=e===null?`ready`:`loading`),this.target=this.sought=t,this.#n=t??this.#n,this.#h(),e!==null&&await this.reload()}async reload(){let e=this.id;if(e!==null)try{let t=await this.api.transcript(e);this.id===e&&this.#u(t)}catch(t){if(this.id!==e)return;t instanceof Xe&&(t.status===404||t.status===400)?this.state=`missing`:this.conversation===null&&(this.state=`failed`),this.changed()}}async ask(e,t=this.leaf){let n=this.id??await this.#c();this.#a={text:e,parent:t};try{let{question:r,answer:i}=await this.api.ask(n,e,t);this.#a=null,this.id===n&&this.#d(r,i)}catch(e){throw e instanceof Ze||(this.#a=null),e}finally{this.onChange()}this.conversation?.title===``&&await this.reload()}async#c(){let e=await this.api.create(this.instructions);return this.instructions=null,this.id=e.id,this.conversation=e,this.changed(),e.id}arrived(e){let t=this.#a;if(t?.text!==e)return!1;let n=this.#e.some(({parent:e,text:n})=>e===t.parent&&n===t.text);return n&&(this.#a=null),n}async answerAgain(e){if(e.parent===null)return;let t=await this.api.answerAgain(e.parent);this.#d(t.answer),this.onChange()}async stop(){this.streaming&&await this.api.stop(this.streaming.id)}show(e){this.#n=this.target=e,this.#h()}async setFavourite(e,t){this.#m(await this.api.setFavourite(e.id,t))}async deleteMessage(e){await this.api.deleteMessage(e.id);let t=vt(this.#e,e.id);for(let e of t)this.#r.get(e)?.abort();this.#e=this.#e.filter(({id:e})=>!t.has(e)),this.#n=e.parent,this.target=null,this.#h(),this.onChange()}adopt(e){e.id===this.id&&(this.conversation=e,this.changed())}setInstructions(e){this.instructions=e,this.changed()}#l(){for(let e of this.#r.values())e.abort();this.#r.clear(),this.#e=[],this.#n=null,this.#a=null,this.conversation=null,this.instructions=null}#u({conversation:e,messages:t}){let n=new Map(this.#e.map(e=>[e.id,e]));this.conversation=e,this.state=`ready`,this.#e=t.map(e=>e.state===`streaming`&&this.#r.has(e.id)?n.get(e.id)??e:e);for(let e of t)e.state===`streaming`&&this.#f(e);this.#h()}#d(...e){let t=e.filter(({id:e})=>!this.#e.some(t=>t.id===e));this.#e=[...this.#e,...t],this.state=`ready`,this.target=null;for(let t of e)this.#n=t.id,t.state===`streaming`&&this.#f(t);this.#h()}#f({id:e}){if(this.#r.has(e))return;let t=new AbortController;this.#r.set(e,t),ht(this.api,e,t.signal,(t,n)=>this.#p(e,t,n),t=>this.#o.set(e,t)).then(t=>{this.#r.delete(e),this.#s.delete(e),this.#m(t),this.onChange()}).catch(()=>{this.#r.delete(e),t.signal.aborted||this.reload()})}#p(e,t,n){n&&this.#s.set(e,n),this.#e=this.#e.map(n=>n.id===e?{...n,text:t}:n),this.#i??=setTimeout(()=>this.#h(),yt)}#m(e){this.#e=this.#e.map(t=>t.id===e.id?e:t),this.#h()}#h(){clearTimeout(this.#i),this.#i=void 0,this.#t=_t(this.#e,this.#n),this.changed()}};function bt({name:e,blob:t}){let n=document.createElement(`a`);n.href=URL.createObjectURL(t),n.download=e,n.click(),setTimeout(()=>URL.revokeObjectURL(n.href),6e4)}var xt=`cancel`,St=class{#e=[];constructor(e,t,n){this.socket=e,e.onopen=()=>{for(let t of this.#e)e.send(t);this.#e=[]},e.onmessage=({data:e})=>t(JSON.parse(e)),e.onclose=n}begin(e,t){this.#t(`session.update`,{session:{type:`realtime`,instructions:e,sottovoce:t}})}finish(){this.#t(`session.update`,{session:{type:`realtime`,sottovoce:null}})}set({temperature:e,top_k:t,top_p:n,max_tokens:r,voice:i,speed:a}){this.#t(`session.update`,{session:{type:`realtime`,temperature:e,top_k:t,top_p:n,max_output_tokens:r??`inf`,audio:{output:{voice:i??`default`,speed:a}}}})}hear(e){this.#t(`input_audio_buffer.append`,{audio:e})}write(e){let t=[{type:`input_text`,text:e}];this.#t(`conversation.item.create`,{item:{type:`message`,role:`user`,content:t}}),this.#t(`response.create`,{})}cancel(){this.#t(`response.cancel`,{event_id:xt})}cut(e,t){this.#t(`conversation.item.truncate`,{item_id:e,content_index:0,audio_end_ms:t}),this.#t(`conversation.item.retrieve`,{item_id:e})}close(){this.socket.onmessage=this.socket.onclose=null,this.socket.close()}#t(e,t){let n=JSON.stringify({type:e,...t});this.socket.readyState===WebSocket.OPEN?this.socket.send(n):this.socket.readyState===WebSocket.CONNECTING&&this.#e.push(n)}};function Ct(e){let t=new DataView(new ArrayBuffer(2*e.length));return e.forEach((e,n)=>{t.setInt16(2*n,Math.round(Math.max(-32768,Math.min(32767,e*32768))),!0)}),btoa(Array.from(new Uint8Array(t.buffer),e=>String.fromCharCode(e)).join(``))}function wt(e){let t=new DataView(Uint8Array.from(atob(e),e=>e.charCodeAt(0)).buffer);return Float32Array.from({length:t.byteLength>>1},(e,n)=>t.getInt16(2*n,!0)/32768)}function Tt(e){let t=e.reduce((e,t)=>e+t*t,0)/Math.max(1,e.length),n=10*Math.log10(t+1e-10);return Math.max(0,Math.min(1,(n+55)/50))}var Et=`/assets/microphone.worklet-1Ihd7NoT.js`,Dt=class e{#e;constructor(e,t,n,r){this.level=0,this.#e=e.getAudioTracks()[0],this.#e.onended=r,t.port.onmessage=({data:e})=>{this.level=Tt(e),n(e)}}static async open(t,n,r){let i=t.audioWorklet.addModule(Et),a=await navigator.mediaDevices.getUserMedia({audio:{echoCancellation:!0,noiseSuppression:!0,autoGainControl:!0,channelCount:1}});try{await i;let o=new AudioWorkletNode(t,`microphone`,{numberOfOutputs:1,channelCount:1});return t.createMediaStreamSource(a).connect(o).connect(t.destination),new e(a,o,n,r)}catch(e){throw a.getTracks().forEach(e=>e.stop()),e}}set isMuted(e){this.#e.enabled=!e}close(){this.#e.onended=null,this.#e.stop()}};function Ot(e){let{name:t,message:n}=e;return t===`NotAllowedError`?`This page may not use the microphone. The browser’s settings for this page allow it.`:t===`NotFoundError`?`There is no microphone.`:t===`NotReadableError`?`The microphone cannot be used; another program may have it.`:`The microphone cannot be used: ${n}`}var kt=`/assets/speaker.worklet-DX8sPkBf.js`,At=class e{#e;#t;constructor(e,t,n){this.context=e,this.node=t,this.level=0,this.#e=0,this.#t=new Map,t.port.onmessage=({data:e})=>{this.level=e.isEmpty?0:Tt(e.samples);for(let[t,n]of this.#t)t>e.number||(this.#t.delete(t),n(e.played));e.isEmpty&&e.number===this.#e&&n()}}static async open(t,n){await t.audioWorklet.addModule(kt);let r=new AudioWorkletNode(t,`speaker`,{numberOfInputs:0,outputChannelCount:[1]});return r.connect(t.destination),new e(t,r,n)}play(e){this.#n({kind:`play`,samples:e})}end(){this.#n({kind:`end`})}setVolume(e){this.#n({kind:`volume`,volume:e})}async stop(){if(this.context.state!==`running`)return 0;let e=await new Promise(e=>this.#t.set(this.#n({kind:`stop`}),e));return Math.max(0,Math.round(1e3*(e-(this.context.outputLatency||0))))}#n(e){return this.node.port.postMessage({...e,number:++this.#e}),this.#e}},jt={lines:[],isHearing:!1,isAwaited:!1,isAnswering:!1,isSpeaking:!1};function Mt({isHearing:e,isSpeaking:t,isAnswering:n,isAwaited:r}){return e?`listening`:t?`speaking`:n||r?`thinking`:`listening`}function Nt(e){return/[\p{L}\p{N}]/u.test(e)}function Pt(e,t){let{lines:n}=e;switch(t.type){case`input_audio_buffer.speech_started`:{let r={id:t.item_id,who:`person`,text:``,state:`growing`};return{...e,isHearing:!0,isAwaited:!1,lines:[...n,r]}}case`input_audio_buffer.speech_stopped`:return{...e,isHearing:!1,isAwaited:!0};case`conversation.item.input_audio_transcription.delta`:return{...e,lines:Ft(n,t.item_id,e=>e+t.delta)};case`conversation.item.input_audio_transcription.completed`:{let{item_id:r,transcript:i}=t;return{...e,lines:It(n,r,i,`whole`)}}case`conversation.item.input_audio_transcription.failed`:return{...e,isAwaited:!1,lines:It(n,t.item_id,``,`whole`)};case`written`:{let r={id:t.id,who:`person`,text:t.text,state:`whole`};return{...e,isAwaited:!0,lines:[...n,r]}}case`response.created`:return{...e,isAnswering:!0,isAwaited:!1};case`response.output_item.added`:{if(t.item.type!==`message`)return e;let r={id:t.item.id,who:`assistant`,text:``,state:`growing`};return{...e,lines:[...n,r]}}case`response.output_audio_transcript.delta`:return{...e,lines:Ft(n,t.item_id,e=>e+t.delta)};case`response.output_audio_transcript.done`:return{...e,lines:Ft(n,t.item_id,()=>t.transcript)};case`response.output_audio.delta`:return{...e,isSpeaking:!0};case`response.done`:return{...e,isAnswering:!1};case`played`:return{...e,isSpeaking:!1,lines:It(n,t.id,null,`whole`)};case`silenced`:return{...e,isSpeaking:!1,isAnswering:!1};case`cut`:return{...e,lines:It(n,t.id,t.text,`cut`)};case`lost`:return{...jt,lines:It(n,null,null,`lost`)};default:return e}}function Ft(e,t,n){return e.map(e=>e.id===t&&e.state===`growing`?{...e,text:n(e.text)}:e)}function It(e,t,n,r){return e.flatMap(e=>{if(e.state!==`growing`||t!==null&&e.id!==t)return[e];let i=(n??e.text).trim();return Nt(i)?[{...e,text:i,state:r}]:[]})}var Lt=2e3,Rt={full:1,quiet:.25,silent:0},zt=class extends at{#e;#t;#n;#r;#i;constructor(e){super(),this.app=e,this.state=`closed`,this.microphone=`asking`,this.refusal=null,this.problem=null,this.dialogue=jt,this.#e=null,this.#t=null,this.#n=null,this.#r=new Map,this.#i=()=>{}}get obstacle(){let e=this.app.connection.status?.voice;return this.app.connection.state!==`online`||!e?`sottovoce cannot be reached.`:e.state===`loading`?`The voice is being made ready${e.step?`: ${e.step}`:`.`}`:e.state===`missing`?`There is no voice: ${e.reason??`none is installed`}`:window.isSecureContext?this.app.open.streaming?`An answer is being written.`:null:`A browser lets a page listen over HTTPS only, or on the machine that serves it.`}get phase(){return Mt(this.dialogue)}get level(){return this.phase===`speaking`?this.#e?.speaker.level??0:this.microphone===`open`?this.#e?.microphone?.level??0:0}async start(){this.#m(),[this.state,this.microphone,this.dialogue]=[`opening`,`asking`,jt],this.refusal=this.problem=null,this.changed();let e=this.#t=new AudioContext({latencyHint:`interactive`});try{let t=await this.#a(e);if(this.#t!==e)return Bt(t);this.#e=t,await this.listen()}catch(t){e.close(),this.#t===e&&this.#p(`The conversation could not begin: ${t.message}`)}}async#a(e){let{api:t,open:n}=this.app,r=await At.open(e,()=>this.#c());this.app.settings||await this.app.loadSettings();let i=new St(t.converse(),e=>this.#s(e),()=>this.#p(`The connection was lost.`)),a=n.conversation?.system_prompt??n.instructions??this.app.settings?.system_prompt??``;return i.begin(a,{conversation:n.id,message:n.leaf}),this.app.settings&&i.set(this.app.settings),{context:e,server:i,speaker:r,microphone:null}}async listen(){let e=this.#e;if(e){[this.microphone,this.refusal]=[`asking`,null],this.changed();try{let t=await Dt.open(e.context,t=>e.server.hear(Ct(t)),()=>this.#d(`The microphone is gone.`));if(this.#e!==e||this.state===`closed`)return t.close();e.microphone=t,this.microphone=`open`,this.changed()}catch(t){this.#e===e&&this.#d(Ot(t))}}}toggleMicrophone(){let e=this.#e?.microphone;e&&(this.microphone=this.microphone===`muted`?`open`:`muted`,e.isMuted=this.microphone===`muted`,this.changed())}write(e){this.interrupt(),this.#e?.server.write(e),this.#l({type:`written`,id:crypto.randomUUID(),text:e})}async interrupt(){let e=this.#e;if(!e)return;let{lines:t,isAnswering:n}=this.dialogue,r=t.findLast(({who:e,state:t})=>e===`assistant`&&t===`growing`);if(!r){n&&e.server.cancel();return}if(this.#r.has(r.id))return;let i=new Promise(e=>this.#r.set(r.id,e));this.#n=null,this.#l({type:`silenced`}),e.server.cut(r.id,await e.speaker.stop()),await i}async setManner(e,t){let{settings:n}=this.app;if(n)try{await this.app.saveSettings({...n,voice:e,speed:t}),this.#e?.server.set({...n,voice:e,speed:t})}catch(e){this.#f(`Not saved: ${e.message}`)}}async end(){this.state=`closed`,this.#t=null,this.changed();let e=this.#e;e&&(e.microphone?.close(),await Promise.race([this.#o(e),new Promise(e=>setTimeout(e,Lt))]),this.#e===e&&this.#m(),await this.#h())}async#o({server:e}){await this.interrupt();let t=new Promise(e=>this.#i=e);e.finish(),await t}#s(e){switch(e.type){case`session.created`:this.state=`open`;break;case`session.updated`:this.#u(e.session.sottovoce);return;case`sottovoce.playback`:this.#e?.speaker.setVolume(Rt[e.volume]);return;case`input_audio_buffer.speech_started`:this.interrupt();break;case`response.output_item.added`:e.item.type===`message`&&(this.#n={id:e.item.id,isWhole:!1});break;case`response.output_audio.delta`:if(this.#n?.id!==e.item_id)return;this.#e?.speaker.play(wt(e.delta));break;case`response.output_audio.done`:if(this.#n?.id!==e.item_id)return;this.#n.isWhole=!0,this.#e?.speaker.end();break;case`response.done`:e.response.status===`failed`&&this.#f(e.response.status_details.error?.message??`No answer.`);break;case`conversation.item.input_audio_transcription.failed`:this.#f(`Not understood: ${e.error.message}`);break;case`conversation.item.retrieved`:this.#l({type:`cut`,id:e.item.id,text:e.item.content[0]?.transcript??``}),this.#r.get(e.item.id)?.(),this.#r.delete(e.item.id);return;case`error`:e.error.event_id!==`cancel`&&this.#f(e.error.message);return}this.#l(e)}#c(){if(!this.#n?.isWhole)return;let{id:e}=this.#n;this.#n=null,this.#l({type:`played`,id:e})}#l(e){this.dialogue=Pt(this.dialogue,e),this.changed()}#u(e){e===null?this.#i():e.conversation!==null&&this.app.open.id===null&&this.app.open.open(e.conversation,null)}#d(e){[this.microphone,this.refusal]=[`none`,e],this.changed()}#f(e){this.problem=e,this.changed()}#p(e){let t=this.#e;this.#m(),this.state!==`closed`&&(this.state=`lost`),this.#f(e),t&&this.#h()}#m(){this.#e&&(this.#l({type:`lost`}),Bt(this.#e),this.#e=this.#n=null,this.#r.clear())}async#h(){await Promise.all([this.app.open.reload(),this.app.conversations.refresh()])}};function Bt({server:e,microphone:t,context:n}){e.close(),t?.close(),n.close()}var Vt=class extends at{#e=`system`;constructor(){super();let e=st(`theme`);this.#t(e===`light`||e===`dark`?e:`system`)}get choice(){return this.#e}choose(e){j(`theme`,e===`system`?null:e),this.#t(e),this.changed()}#t(e){this.#e=e,e===`system`?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}},Ht=class extends at{constructor(...e){super(...e),this.connection=new dt(()=>this.#n()),this.api=this.connection.api,this.conversations=new pt(this.api),this.open=new M(this.api,()=>void this.conversations.refresh()),this.notices=new mt,this.theme=new Vt,this.talk=new zt(this),this.settings=null}start(){window.addEventListener(`hashchange`,()=>this.#r()),document.addEventListener(`visibilitychange`,()=>{!document.hidden&&this.connection.state===`online`&&this.#n()}),this.open.subscribe(()=>this.#i()),this.#r(),this.connection.run()}async rename(e,t){await this.#e(e,{title:t})}async setFavourite({id:e,favourite:t}){await this.#e(e,{favourite:!t})}async instruct(e){let{id:t}=this.open;t===null?this.open.setInstructions(e):await this.#e(t,{system_prompt:e})}async remove({id:e,title:t}){await this.notices.attempt(async()=>{let{blob:n}=await this.api.export(`json`,e);await this.api.delete(e),this.conversations.forget(e),this.open.id===e&&this.startNew(),this.#t(`“${t||`Untitled`}” deleted`,n)},`Not deleted`)}async removeMessage(e){await this.notices.attempt(async()=>{let{blob:t}=await this.api.export(`json`,e.conversation);await this.open.deleteMessage(e),this.#t(`Message deleted`,t)},`Not deleted`)}async removeAll(){let{deleted:e}=await this.api.deleteAll();this.startNew(),await this.conversations.refresh(),this.notices.add(e===1?`One conversation deleted`:`${e} conversations deleted`)}async export(e,t){await this.notices.attempt(async()=>bt(await this.api.export(e,t)),`Not exported`)}async import(e){await this.notices.attempt(async()=>{let{conversations:t,messages:n}=await this.api.import(e);await Promise.all([this.conversations.refresh(),this.open.reload()]),this.notices.add(n+t===0?`All of that is here already`:`Imported: conversations ${t}, messages ${n}`)},`Not imported`)}async saveSettings(e){this.settings=await this.api.saveSettings(e),this.changed()}async loadSettings(){this.settings=await this.api.settings(),this.changed()}startNew(){location.hash?location.hash=``:this.open.open(null,null)}async#e(e,t){await this.notices.attempt(async()=>{let n=await this.api.update(e,t);this.conversations.adopt(n),this.open.adopt(n)},`Not changed`)}#t(e,t){let n=()=>this.notices.attempt(async()=>{await this.api.import(t),await Promise.all([this.conversations.refresh(),this.open.reload()])},`Not put back`);this.notices.add(e,{label:`Undo`,run:()=>void n()})}#n(){this.conversations.refresh(),this.open.reload(),this.loadSettings().catch(()=>{})}#r(){let e=/^#token=(.+)$/.exec(location.hash)?.[1];e!==void 0&&(history.replaceState(null,``,location.pathname),this.connection.unlock(decodeURIComponent(e)));let[,t,n]=/^#\/([\w-]+)(?:\/([\w-]+))?$/.exec(location.hash)??[];this.open.open(t??null,n??null)}#i(){let{id:e,conversation:t,target:n}=this.open;document.title=t?.title?`${t.title} · sottovoce`:`sottovoce`;let r=n===null?`#/${e}`:`#/${e}/${n}`;e!==null&&location.hash!==r&&history.replaceState(null,``,r)}},N=o`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    -webkit-tap-highlight-color: transparent;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  ul {
    list-style: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  svg {
    display: block;
    width: 1.25rem;
    height: 1.25rem;
    flex: none;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .icon-button {
    display: inline-grid;
    place-items: center;
    width: 2.25rem;
    height: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--ink-soft);
    cursor: pointer;
    transition: background var(--quick), color var(--quick);
  }
  .icon-button:hover,
  .icon-button[aria-expanded='true'] {
    background: var(--hover);
    color: var(--ink);
  }
  .icon-button[aria-pressed='true'] {
    color: var(--accent);
  }
  .icon-button[disabled] {
    color: var(--ink-faint);
    opacity: 0.5;
    cursor: default;
    background: none;
  }
  .small {
    width: 2rem;
    height: 2rem;
  }
  .small svg {
    width: 1.0625rem;
    height: 1.0625rem;
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-height: 2.5rem;
    padding: 0 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    font-weight: 500;
    cursor: pointer;
    transition: background var(--quick), border-color var(--quick);
  }
  .button:hover {
    background: var(--hover);
  }
  .button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--accent-ink);
  }
  .button.primary:hover {
    background: color-mix(in oklab, var(--accent) 88%, var(--ink));
  }
  .button.danger {
    color: var(--danger);
  }
  .button.danger:hover {
    background: var(--danger-soft);
  }
  .button[disabled] {
    opacity: 0.55;
    cursor: default;
  }

  .field {
    width: 100%;
    min-height: 2.5rem;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--raised);
  }
  .field::placeholder {
    color: var(--ink-faint);
    opacity: 1;
  }
  textarea.field {
    line-height: 1.5;
    resize: vertical;
  }
  .field:focus-visible {
    outline-offset: 0;
    border-color: var(--accent);
  }
`,Ut=o`
  :host {
    display: contents;
  }
  dialog {
    width: min(36rem, calc(100vw - 2rem));
    max-height: min(46rem, calc(100dvh - 2rem));
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
    color: var(--ink);
    box-shadow: var(--shadow);
    overflow: hidden;
  }
  dialog[open] {
    display: flex;
    flex-direction: column;
    animation: rise var(--calm);
  }
  dialog::backdrop {
    background: rgb(10 20 17 / 0.4);
    animation: appear var(--calm);
  }
  dialog > form {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  dialog header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 1rem 1rem 0.75rem 1.5rem;
  }
  dialog h2 {
    font-size: 1.25rem;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .body {
    padding: 0.25rem 1.5rem 1.5rem;
    overflow-y: auto;
  }
  dialog footer {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 0.5rem;
    padding: 1rem 1.5rem;
    border-top: 1px solid var(--line);
  }
  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(8px);
    }
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
`;function P(e){return y`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${e}
  </svg>`}var F={plus:P(b`<path d="M12 5v14M5 12h14"/>`),search:P(b`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4 4"/>`),star:P(b`<path d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),starred:P(b`<path fill="currentColor" d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),panel:P(b`<rect x="4" y="5" width="16" height="14" rx="3"/><path d="M10 5v14"/>`),more:P(b`<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.75"/>`),pencil:P(b`<path d="M5 19h3.2L18.6 8.6a1.8 1.8 0 0 0 0-2.5l-.7-.7a1.8 1.8 0 0 0-2.5 0L5 15.8zM13.5 7.3l3.2 3.2"/>`),trash:P(b`<path d="M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.5 11v4.5M13.5 11v4.5"/>`),copy:P(b`<rect x="9" y="9" width="10.5" height="10.5" rx="2.5"/><path d="M5.5 15A1.5 1.5 0 0 1 4.5 13.5v-7a2 2 0 0 1 2-2h7A1.5 1.5 0 0 1 15 5.5"/>`),check:P(b`<path d="m5 12.5 4.5 4.5L19 7.5"/>`),stop:P(b`<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>`),send:P(b`<path d="M12 19V5.5M6 11l6-6 6 6" stroke-width="2"/>`),again:P(b`<path d="M19 12a7 7 0 1 1-2.2-5.1L19 9M19 4.5V9h-4.5"/>`),left:P(b`<path d="m14 7-5 5 5 5"/>`),right:P(b`<path d="m10 7 5 5-5 5"/>`),down:P(b`<path d="M12 5v14M6 13l6 6 6-6"/>`),settings:P(b`<path d="M4 8h9M18 8h2M4 16h2M11 16h9"/><circle cx="15.5" cy="8" r="2.3"/><circle cx="8.5" cy="16" r="2.3"/>`),sun:P(b`<circle cx="12" cy="12" r="3.8"/><path d="M12 3.5v1.5M12 19v1.5M3.5 12H5M19 12h1.5M6 6l1 1M17 17l1 1M18 6l-1 1M7 17l-1 1"/>`),moon:P(b`<path d="M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z"/>`),system:P(b`<rect x="4" y="5" width="16" height="11" rx="2"/><path d="M9 20h6M12 16v4"/>`),download:P(b`<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14"/>`),upload:P(b`<path d="M12 15.5V4.5M7.5 9 12 4.5 16.5 9M5 19.5h14"/>`),close:P(b`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`),note:P(b`<circle cx="12" cy="12" r="8"/><path d="M12 11v5M12 8h.01"/>`),microphone:P(b`<rect x="9" y="3.5" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5"/>`),muted:P(b`<path d="M15 9.5V6.5a3 3 0 0 0-5.8-1M9 9v2.5a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.4 5.2M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v2.5M4.5 4.5l15 15"/>`),voice:P(b`<path d="M4.5 10.5v3M8.25 7v10M12 4v16M15.75 8.5v7M19.5 10.5v3"/>`),captions:P(b`<rect x="3.5" y="5.5" width="17" height="13" rx="3"/><path d="M7 14.5h4M14 14.5h3M7 11h2M12 11h5"/>`),instructions:P(b`<path d="M5 6.5h14M5 12h14M5 17.5h8"/>`)};function I(e,t,n,r){var i=arguments.length,a=i<3?t:r===null?r=Object.getOwnPropertyDescriptor(t,n):r,o;if(typeof Reflect==`object`&&typeof Reflect.decorate==`function`)a=Reflect.decorate(e,t,n,r);else for(var s=e.length-1;s>=0;s--)(o=e[s])&&(a=(i<3?o(a):i>3?o(t,n,a):o(t,n))||a);return i>3&&a&&Object.defineProperty(t,n,a),a}var Wt=2*Math.PI*6,Gt=class extends T{static{this.styles=[N,o`
      :host {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-variant-numeric: tabular-nums;
      }
      svg {
        width: 1rem;
        height: 1rem;
        transform: rotate(-90deg);
      }
      circle {
        fill: none;
        stroke: var(--line);
        stroke-width: 2.5;
      }
      circle + circle {
        stroke: var(--accent);
      }
      .full circle + circle {
        stroke: var(--danger);
      }
    `]}constructor(){super(),new A(this,()=>[this.app.open,this.app.connection])}render(){let e=this.app.connection.status?.model.context,{open:t}=this.app,n=t.steps.findLast(({message:e})=>t.taken(e))?.message,r=n?t.taken(n):null;if(!e||!r)return x;let i=r.prompt_tokens+r.completion_tokens,a=Math.min(1,i/e),o=`${i.toLocaleString(`en-GB`)} of ${e.toLocaleString(`en-GB`)} tokens`;return y`
      <svg
        viewBox="0 0 16 16"
        class=${a>.9?`full`:``}
        role="meter"
        aria-label="Context"
        aria-valuemin="0"
        aria-valuemax=${e}
        aria-valuenow=${Math.min(i,e)}
        aria-valuetext=${o}
      >
        <circle cx="8" cy="8" r="6"></circle>
        <circle cx="8" cy="8" r="6" stroke-dasharray="${Wt*a} ${Wt}"></circle>
      </svg>
      <span aria-hidden="true">${o}</span>
    `}};I([D({attribute:!1})],Gt.prototype,`app`,void 0),Gt=I([E(`sotto-meter`)],Gt);var Kt=class extends T{static{this.styles=[N,o`
      :host {
        position: relative;
        display: block;
      }
      /* What scrolls away above fades. */
      :host::before {
        content: '';
        position: absolute;
        inset: -1.5rem 0 calc(100% + 1px);
        background: linear-gradient(transparent, var(--surface));
        pointer-events: none;
      }
      form {
        display: flex;
        align-items: flex-end;
        gap: 0.5rem;
        max-width: calc(var(--measure) + 1.5rem);
        margin: 0 auto;
        padding: 0.5rem;
        border: 1px solid var(--line-strong);
        border-radius: 20px;
        background: var(--raised);
        transition: border-color var(--quick);
      }
      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }
      textarea {
        flex: 1;
        min-width: 0;
        max-height: 40vh;
        padding: 0.5rem 0.5rem 0.5rem 0.75rem;
        border: 0;
        outline: 0;
        background: none;
        line-height: 1.5;
        resize: none;
      }
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--ink-faint);
        opacity: 1;
      }
      .talk,
      .send {
        border-radius: 12px;
        width: 2.5rem;
        height: 2.5rem;
      }
      .talk[aria-disabled] {
        color: var(--ink-faint);
      }
      .send {
        background: var(--accent);
        color: var(--accent-ink);
      }
      .send:hover:not([disabled]) {
        background: color-mix(in oklab, var(--accent) 88%, var(--ink));
        color: var(--accent-ink);
      }
      .send[disabled] {
        background: var(--hover);
        color: var(--ink-faint);
        opacity: 1;
      }
      .below {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        max-width: calc(var(--measure) + 1.5rem);
        min-height: 1.25rem;
        margin: 0.5rem auto 0;
        padding: 0 0.75rem;
        color: var(--ink-faint);
        font-size: 0.8125rem;
      }
      @media (max-width: 52rem) {
        .hint {
          display: none;
        }
      }
    `]}#e;constructor(){super(),this.empty=!0,this.sending=!1,new A(this,()=>[this.app.open,this.app.connection])}render(){let{open:e,connection:t}=this.app,n=e.streaming!==null,{obstacle:r}=this.app.talk;return y`
      <form
        aria-label="Message"
        @submit=${e=>{e.preventDefault(),this.#n()}}
      >
        <textarea
          aria-label="Message"
          dir="auto"
          rows="1"
          placeholder="Write a message"
          enterkeyhint="send"
          @input=${this.#i}
          @keydown=${this.#r}
        ></textarea>
        <button
          type="button"
          class="icon-button talk"
          aria-label="Talk"
          title=${r??`Talk`}
          aria-description=${r??x}
          aria-disabled=${r===null?x:`true`}
          @click=${this.#t}
        >
          ${F.voice}
        </button>
        ${n?y`<button type="button" class="icon-button send" aria-label="Stop" title="Stop (Esc)" @click=${this.stop}>
              ${F.stop}
            </button>`:y`<button
              class="icon-button send"
              aria-label="Send"
              title="Send (Enter)"
              ?disabled=${this.empty||this.sending||t.state!==`online`}
            >
              ${F.send}
            </button>`}
      </form>
      <div class="below">
        <span class="hint">${n?`Esc stops the answer`:`Enter sends, Shift and Enter begins a line`}</span>
        <sotto-meter .app=${this.app}></sotto-meter>
      </div>
    `}updated(e){let{open:t}=this.app;t.id!==this.#e&&(this.#e!==void 0&&this.sending||this.#a(st(`draft.${t.id??`new`}`)??``),this.#e=t.id),!this.sending&&!this.empty&&t.arrived(this.field.value.trim())&&this.#a(``)}focus(){this.field.focus()}suggest(e){this.#a(e),this.focus()}stop(){this.app.notices.attempt(()=>this.app.open.stop(),`Not stopped`)}#t(){let{talk:e,notices:t}=this.app;e.obstacle===null?this.dispatchEvent(new CustomEvent(`talk`)):t.add(e.obstacle)}async#n(){let e=this.field.value.trim(),{open:t,connection:n,notices:r}=this.app;if(e===``||this.sending||t.streaming||n.state!==`online`)return;this.sending=!0,this.dispatchEvent(new CustomEvent(`sent`));let i=`draft.${t.id??`new`}`;this.#o(``);try{await t.ask(e),j(i,null)}catch(t){j(i,null),this.#a(e),r.problem(`Not sent: ${t instanceof Error?t.message:String(t)}`)}finally{this.sending=!1}}#r(e){e.key!==`Enter`||e.shiftKey||e.isComposing||(e.preventDefault(),this.#n())}#i(){this.#a(this.field.value)}#a(e){this.#o(e),j(`draft.${this.app.open.id??`new`}`,e)}#o(e){let{field:t}=this;t.value!==e&&(t.value=e),this.empty=e.trim()===``,t.style.height=`auto`,t.style.height=`${t.scrollHeight}px`}};I([D({attribute:!1})],Kt.prototype,`app`,void 0),I([O()],Kt.prototype,`empty`,void 0),I([O()],Kt.prototype,`sending`,void 0),I([k(`textarea`)],Kt.prototype,`field`,void 0),Kt=I([E(`sotto-composer`)],Kt);var L=class extends T{static{this.styles=[N,Ut,o`
      .field[type='number'] {
        max-width: 8rem;
      }
    `]}async show(){this.requestUpdate(),await this.updateComplete,this.reveal()}reveal(){this.dialog.open||this.dialog.showModal()}close(){this.dialog.close()}frame(e,t,n,r=!0){return y`
      <dialog
        aria-labelledby="title"
        @click=${e=>r&&e.target===this.dialog&&this.close()}
        @cancel=${e=>r||e.preventDefault()}
      >
        <form
          @submit=${e=>{e.preventDefault(),this.#e(e.target)}}
        >
          <header>
            <h2 id="title">${e}</h2>
            ${r?y`<button type="button" class="icon-button" aria-label="Close" @click=${()=>this.close()}>
                  ${F.close}
                </button>`:x}
          </header>
          <div class="body">${t}</div>
          <footer>${n}</footer>
        </form>
      </dialog>
    `}async#e(e){await this.submit(new FormData(e)),this.close()}};I([k(`dialog`)],L.prototype,`dialog`,void 0);var qt=class extends L{static{this.styles=[...L.styles,o`
      dialog {
        width: min(28rem, calc(100vw - 2rem));
      }
    `]}#e={title:``,text:``,verb:``,run:()=>Promise.resolve()};ask(e){this.#e=e,this.show()}render(){let{title:e,text:t,verb:n}=this.#e;return this.frame(e,y`<p>${t}</p>`,y`
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button danger">${n}</button>
      `)}submit(){return this.#e.run()}};qt=I([E(`sotto-confirm`)],qt);function Jt(e,t,n){let{id:r,favourite:i}=t;return[{label:`Rename`,icon:F.pencil,run:n},{label:i?`No longer a favourite`:`Favourite`,icon:i?F.starred:F.star,run:()=>void e.setFavourite(t)},{label:`Export as Markdown`,icon:F.download,run:()=>void e.export(`markdown`,r)},{label:`Export as JSON`,icon:F.download,run:()=>void e.export(`json`,r)},{label:`Delete`,icon:F.trash,danger:!0,run:()=>void e.remove(t)}]}var Yt=class extends T{constructor(...e){super(...e),this.label=``,this.items=[],this.shown=!1}static{this.styles=[N,o`
      [role='menu'] {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 12rem;
        padding: 0.375rem;
        border: 1px solid var(--line);
        border-radius: 12px;
        background: var(--raised);
        color: var(--ink);
        box-shadow: var(--shadow);
      }
      [role='menuitem'] {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        width: 100%;
        min-height: 2.25rem;
        padding: 0 0.75rem;
        border: 0;
        border-radius: 6px;
        background: none;
        text-align: left;
        font-size: 0.9375rem;
        cursor: pointer;
      }
      [role='menuitem']:is(:hover, :focus) {
        background: var(--hover);
      }
      [role='menuitem']:focus-visible {
        outline-offset: -2px;
      }
      .danger {
        color: var(--danger);
      }
      [role='menuitem'] svg {
        width: 1.125rem;
        height: 1.125rem;
      }
    `]}render(){return y`
      <button
        class="icon-button small"
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.shown?`true`:`false`}
        @click=${this.#e}
      >
        ${F.more}
      </button>
      <div role="menu" popover aria-label=${this.label} @toggle=${this.#t} @keydown=${this.#n}>
        ${this.items.map(e=>y`
            <button role="menuitem" tabindex="-1" class=${e.danger?`danger`:``} @click=${()=>this.#i(e)}>
              ${e.icon}${e.label}
            </button>
          `)}
      </div>
    `}#e(){this.menu.togglePopover()}#t(e){if(this.shown=e.newState===`open`,this.toggleAttribute(`open`,this.shown),!this.shown)return;let t=this.trigger.getBoundingClientRect(),{offsetWidth:n,offsetHeight:r}=this.menu,i=t.bottom+4+r<window.innerHeight;this.menu.style.top=`${i?t.bottom+4:Math.max(8,t.top-4-r)}px`,this.menu.style.left=`${Math.max(8,Math.min(t.right-n,window.innerWidth-n-8))}px`,this.#r()[0]?.focus()}#n(e){let t=this.#r(),n=t.indexOf(this.renderRoot.querySelector(`[role=menuitem]:focus`)),r={ArrowDown:n+1,ArrowUp:n-1,Home:0,End:-1}[e.key];r===void 0?(e.key===`Escape`||e.key===`Tab`)&&(e.stopPropagation(),e.preventDefault(),this.menu.hidePopover(),this.trigger.focus()):(e.preventDefault(),t.at(r%t.length)?.focus())}#r(){return[...this.renderRoot.querySelectorAll(`[role=menuitem]`)]}#i(e){this.menu.hidePopover(),this.trigger.focus(),e.run()}};I([D()],Yt.prototype,`label`,void 0),I([D({attribute:!1})],Yt.prototype,`items`,void 0),I([O()],Yt.prototype,`shown`,void 0),I([k(`button`)],Yt.prototype,`trigger`,void 0),I([k(`[role=menu]`)],Yt.prototype,`menu`,void 0),Yt=I([E(`sotto-menu`)],Yt);var Xt=class extends T{constructor(...e){super(...e),this.name=``,this.#e=!1}static{this.styles=[N,o`
      :host {
        display: block;
        flex: 1;
        min-width: 0;
      }
      .field {
        min-height: 2.25rem;
        padding: 0.25rem 0.5rem;
      }
    `]}#e;render(){return y`<input
      class="field"
      aria-label="Title"
      maxlength="200"
      .value=${this.name}
      @keydown=${this.#t}
      @blur=${()=>this.#n(!0)}
    />`}firstUpdated(){this.input.focus(),this.input.select()}#t(e){e.isComposing||e.key!==`Enter`&&e.key!==`Escape`||(e.preventDefault(),e.stopPropagation(),this.#n(e.key===`Enter`))}#n(e){if(this.#e)return;this.#e=!0;let t=this.input.value.trim(),n=e&&t&&t!==this.name?t:null;this.dispatchEvent(new CustomEvent(`renamed`,{detail:n}))}};I([D()],Xt.prototype,`name`,void 0),I([k(`input`)],Xt.prototype,`input`,void 0),Xt=I([E(`sotto-rename`)],Xt);function Zt({id:e,conversation:t}){return e===null?`New conversation`:t?t.title||`Untitled`:`Conversation`}var Qt=class extends T{static{this.styles=[N,o`
      :host {
        display: block;
      }
      header {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        min-height: 3.5rem;
        padding: 0.5rem 0.75rem 0.5rem 1.5rem;
        padding-top: calc(0.5rem + env(safe-area-inset-top));
      }
      .title {
        flex: 1;
        overflow: hidden;
        font-size: 1rem;
        font-weight: 600;
        letter-spacing: -0.005em;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .list {
        display: none;
      }
      .own {
        color: var(--accent);
      }
      @media (max-width: 52rem) {
        header {
          padding-left: 0.75rem;
        }
        .list {
          display: inline-grid;
        }
      }
    `]}constructor(){super(),this.renaming=!1,new A(this,()=>[this.app.open])}render(){let{conversation:e,instructions:t}=this.app.open,n=e?e.system_prompt!==null:t!==null;return y`
      <header>
        <button class="icon-button list" aria-label="Conversations" @click=${()=>this.#e(`list`)}>${F.panel}</button>
        ${this.renaming&&e?y`<sotto-rename
              .name=${e.title}
              @renamed=${({detail:t})=>{this.renaming=!1,t&&this.app.rename(e.id,t)}}
            ></sotto-rename>`:y`<span class="title" aria-hidden="true" @dblclick=${()=>this.renaming=!0}>
              ${Zt(this.app.open)}
            </span>`}
        <button
          class="icon-button ${n?`own`:``}"
          aria-label=${n?`Instructions of this conversation (its own)`:`Instructions of this conversation`}
          title="Instructions"
          @click=${()=>this.#e(`instructions`)}
        >
          ${F.instructions}
        </button>
        ${e?y`
              <button
                class="icon-button"
                aria-label="Favourite"
                title="Favourite"
                aria-pressed=${String(e.favourite)}
                @click=${()=>void this.app.setFavourite(e)}
              >
                ${e.favourite?F.starred:F.star}
              </button>
              <sotto-menu
                label="Actions for this conversation"
                .items=${Jt(this.app,e,()=>this.renaming=!0)}
              ></sotto-menu>
            `:x}
      </header>
    `}#e(e){this.dispatchEvent(new CustomEvent(e))}};I([D({attribute:!1})],Qt.prototype,`app`,void 0),I([O()],Qt.prototype,`renaming`,void 0),Qt=I([E(`sotto-header`)],Qt);var $t=class extends L{static{this.styles=[...L.styles,o`
      p {
        margin-bottom: 0.75rem;
        color: var(--ink-soft);
      }
    `]}render(){let{settings:e}=this.app;return this.frame(`Instructions of this conversation`,y`
        <p id="about">What the model is told before the first message. Empty, those of the settings are used.</p>
        <textarea
          class="field"
          name="instructions"
          rows="8"
          aria-labelledby="title"
          aria-describedby="about"
          placeholder=${e?.system_prompt??``}
          .value=${this.#e}
        ></textarea>
      `,y`
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `)}get#e(){let{conversation:e,instructions:t}=this.app.open;return(e?e.system_prompt:t)??``}async submit(e){let t=String(e.get(`instructions`)).trim();await this.app.instruct(t===``?null:t)}};I([D({attribute:!1})],$t.prototype,`app`,void 0),$t=I([E(`sotto-instructions`)],$t);var R=`/assets/licences-DW4CDc2X.txt`,en=o`
  section + section {
    margin-top: 1.75rem;
    padding-top: 1.5rem;
    border-top: 1px solid var(--line);
  }
  h3 {
    margin-bottom: 0.75rem;
    font-size: 1rem;
    font-weight: 600;
  }
  dl {
    display: grid;
    grid-template-columns: 7rem 1fr;
    gap: 0.375rem 1rem;
    font-size: 0.9375rem;
  }
  dt {
    color: var(--ink-faint);
  }
  dd {
    overflow-wrap: anywhere;
  }
  label {
    display: grid;
    gap: 0.375rem;
    font-size: 0.9375rem;
    font-weight: 500;
  }
  label .field {
    font-weight: 400;
  }
  .about {
    margin-top: 0.75rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .about::first-letter {
    text-transform: uppercase;
  }
  .about a {
    color: var(--accent);
  }
  .row {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr));
    gap: 0.75rem;
    margin-top: 0.75rem;
  }
  .row .field[type='number'] {
    max-width: none;
  }
  .buttons {
    grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
    margin-top: 1rem;
  }
  .buttons svg {
    width: 1.125rem;
    height: 1.125rem;
  }
  fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
  }
  legend {
    margin-bottom: 0.375rem;
    padding: 0;
    font-size: 0.9375rem;
    font-weight: 500;
  }
  fieldset label {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2rem;
    font-weight: 400;
  }
  input[type='radio'] {
    width: 1.0625rem;
    height: 1.0625rem;
    margin: 0;
    accent-color: var(--accent);
  }
  .keys {
    margin-top: 1.25rem;
  }
  .keys dd {
    color: var(--ink-soft);
  }
  kbd {
    display: inline-block;
    padding: 0 0.375rem;
    border: 1px solid var(--line);
    border-radius: 5px;
    color: var(--ink-soft);
    font: 500 0.8125rem/1.375rem var(--sans);
  }
  footer .problem {
    flex: 1 1 12rem;
    align-self: center;
    color: var(--danger);
    font-size: 0.9375rem;
  }
`,tn=[[`system`,`As the system`],[`light`,`Light`],[`dark`,`Dark`]],nn=[7,30,90,365],rn=class extends L{static{this.styles=[...L.styles,en]}constructor(){super(),this.problem=null,new A(this,()=>[this.app,this.app.connection,this.app.theme])}async show(){this.problem=null,await this.app.notices.attempt(()=>this.app.loadSettings(),`Settings not read`),this.app.settings&&await super.show()}render(){let{settings:e,connection:t}=this.app;return this.frame(`Settings`,e?[this.#e(t.status),this.#t(e),this.#r(e),this.#i(e),this.#a()]:x,y`
        ${this.problem===null?x:y`<p class="problem" role="alert">${this.problem}</p>`}
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `)}#e(e){if(!e)return x;let{name:t,package:n,context:r,notices:i,state:a,step:o,error:s}=e.model;return y`
      <section aria-labelledby="model">
        <h3 id="model">Model</h3>
        <dl>
          <dt>Name</dt>
          <dd>${t}</dd>
          ${n?y`<dt>Package</dt><dd>${n}</dd>`:x}
          <dt>State</dt>
          <dd>${a===`loading`?o??`loading`:a===`failed`?s??`failed`:`ready`}</dd>
          ${r?y`<dt>Context</dt><dd>${r.toLocaleString(`en-GB`)} tokens</dd>`:x}
          ${i.map(e=>y`<dt>Notice</dt><dd>${e}</dd>`)}
        </dl>
      </section>
    `}#t(e){return y`
      <section aria-labelledby="answers">
        <h3 id="answers">Answers</h3>
        <label class="wide">
          Instructions
          <textarea class="field" name="system_prompt" rows="4" .value=${e.system_prompt}></textarea>
        </label>
                <div class="row">
          ${this.#n(`temperature`,`Temperature`,e.temperature,{min:0,max:5,step:`any`})}
          ${this.#n(`top_k`,`Top-k`,e.top_k,{min:0,step:1})}
          ${this.#n(`top_p`,`Top-p`,e.top_p,{min:0,max:1,step:`any`})}
          ${this.#n(`max_tokens`,`Longest answer`,e.max_tokens,{min:1,step:1})}
        </div>
      </section>
    `}#n(e,t,n,r){return y`<label>
      ${t}
      <input
        class="field"
        type="number"
        name=${e}
        min=${r.min}
        max=${r.max??x}
        step=${r.step}
        placeholder="default"
        .value=${n===null?``:String(n)}
      />
    </label>`}#r({voice:e,speed:t}){let n=this.app.connection.status?.voice;return n?y`
      <section aria-labelledby="voice">
        <h3 id="voice">Voice</h3>
        ${n.state===`ready`?y`<div class="row">
              <label>
                Voice
                <select class="field" name="voice">
                  <option value="" ?selected=${e===null}>The first</option>
                  ${n.voices.map(t=>y`<option value=${t} ?selected=${e===t}>${t}</option>`)}
                </select>
              </label>
              ${this.#n(`speed`,`Speed`,t,{min:.5,max:2,step:.05})}
            </div>`:y`<p class="about">${n.state===`loading`?n.step??`The voice is being made ready.`:n.reason??`No voice is installed.`}</p>`}
      </section>
    `:x}#i({retention_days:e}){let t=e===null||nn.includes(e)?nn:[...nn,e].sort((e,t)=>e-t);return y`
      <section aria-labelledby="history">
        <h3 id="history">Conversations</h3>
        <label class="wide">
          Keep them
          <select class="field" name="retention_days">
            <option value="" ?selected=${e===null}>until I delete them</option>
            ${t.map(t=>y`<option value=${t} ?selected=${e===t}>for ${t} days without use</option>`)}
          </select>
        </label>
        <p class="about">Favourites are always kept.</p>
        <div class="row buttons">
          <button type="button" class="button" @click=${()=>void this.app.export(`json`)}>${F.download}Export all</button>
          <button type="button" class="button" @click=${()=>this.renderRoot.querySelector(`#file`)?.click()}>
            ${F.upload}Import
          </button>
          <input id="file" type="file" accept=".json,application/json" hidden @change=${this.#o} />
          <button type="button" class="button danger" @click=${this.#s}>${F.trash}Delete all</button>
        </div>
      </section>
    `}#a(){let{theme:e,connection:t}=this.app;return y`
      <section aria-labelledby="page">
        <h3 id="page">Page</h3>
        <fieldset>
          <legend>Colours</legend>
          ${tn.map(([t,n])=>y`<label>
              <input
                type="radio"
                name="theme"
                value=${t}
                .checked=${e.choice===t}
                @change=${()=>e.choose(t)}
              />${n}
            </label>`)}
        </fieldset>
        <dl class="keys">
          <dt><kbd>Enter</kbd></dt><dd>send</dd>
          <dt><kbd>Esc</kbd></dt><dd>stop the answer</dd>
          <dt><kbd>Ctrl K</kbd></dt><dd>search</dd>
          <dt><kbd>Ctrl ⇧ O</kbd></dt><dd>new conversation</dd>
          <dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>move in the list</dd>
          <dt><kbd>F2</kbd> <kbd>Del</kbd></dt><dd>rename, delete in the list</dd>
        </dl>
        <p class="about">
          sottovoce ${t.status?.version??``} ·
          <a href=${R} target="_blank" rel="noopener">licences of what this page is built from</a>
        </p>
      </section>
    `}async submit(e){let t=this.app.settings;if(!t)return;let n=t=>{let n=String(e.get(t)??``).trim();return n===``?null:Number(n)};this.problem=null;try{await this.app.saveSettings({system_prompt:String(e.get(`system_prompt`)).trim(),temperature:n(`temperature`),top_k:n(`top_k`),top_p:n(`top_p`),max_tokens:n(`max_tokens`),retention_days:n(`retention_days`),voice:e.has(`voice`)?String(e.get(`voice`))||null:t.voice,speed:n(`speed`)??t.speed})}catch(e){throw this.problem=e instanceof Error?e.message:String(e),e}}#o(e){let t=e.target,n=t.files?.[0];t.value=``,n&&(this.close(),this.app.import(n))}#s(){this.close(),this.dispatchEvent(new CustomEvent(`confirm`,{detail:{title:`Delete all conversations?`,text:`All of them, favourites too, are removed for good. Export them first if you may want them again.`,verb:`Delete all`,run:()=>this.app.notices.attempt(()=>this.app.removeAll(),`Not deleted`)}}))}};I([D({attribute:!1})],rn.prototype,`app`,void 0),I([O()],rn.prototype,`problem`,void 0),rn=I([E(`sotto-settings`)],rn);var an={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},on=e=>(...t)=>({_$litDirective$:e,values:t}),sn=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,n){this._$Ct=e,this._$AM=t,this._$Ci=n}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}},{I:cn}=Re,ln=e=>e,un=()=>document.createComment(``),dn=(e,t,n)=>{let r=e._$AA.parentNode,i=t===void 0?e._$AB:t._$AA;if(n===void 0)n=new cn(r.insertBefore(un(),i),r.insertBefore(un(),i),e,e.options);else{let t=n._$AB.nextSibling,a=n._$AM,o=a!==e;if(o){let t;n._$AQ?.(e),n._$AM=e,n._$AP!==void 0&&(t=e._$AU)!==a._$AU&&n._$AP(t)}if(t!==i||o){let e=n._$AA;for(;e!==t;){let t=ln(e).nextSibling;ln(r).insertBefore(e,i),e=t}}}return n},fn=(e,t,n=e)=>(e._$AI(t,n),e),pn={},mn=(e,t=pn)=>e._$AH=t,hn=e=>e._$AH,gn=e=>{e._$AR(),e._$AA.remove()},_n=(e,t,n)=>{let r=new Map;for(let i=t;i<=n;i++)r.set(e[i],i);return r},vn=on(class extends sn{constructor(e){if(super(e),e.type!==an.CHILD)throw Error(`repeat() can only be used in text expressions`)}dt(e,t,n){let r;n===void 0?n=t:t!==void 0&&(r=t);let i=[],a=[],o=0;for(let t of e)i[o]=r?r(t,o):o,a[o]=n(t,o),o++;return{values:a,keys:i}}render(e,t,n){return this.dt(e,t,n).values}update(e,[t,n,r]){let i=hn(e),{values:a,keys:o}=this.dt(t,n,r);if(!Array.isArray(i))return this.ut=o,a;let s=this.ut??=[],c=[],l,u,d=0,f=i.length-1,p=0,m=a.length-1;for(;d<=f&&p<=m;)if(i[d]===null)d++;else if(i[f]===null)f--;else if(s[d]===o[p])c[p]=fn(i[d],a[p]),d++,p++;else if(s[f]===o[m])c[m]=fn(i[f],a[m]),f--,m--;else if(s[d]===o[m])c[m]=fn(i[d],a[m]),dn(e,c[m+1],i[d]),d++,m--;else if(s[f]===o[p])c[p]=fn(i[f],a[p]),dn(e,i[d],i[f]),f--,p++;else if(l===void 0&&(l=_n(o,p,m),u=_n(s,d,f)),l.has(s[d])){if(l.has(s[f])){let t=u.get(o[p]),n=t===void 0?null:i[t];if(n===null){let t=dn(e,i[d]);fn(t,a[p]),c[p]=t}else c[p]=fn(n,a[p]),dn(e,i[d],n),i[t]=null;p++}else gn(i[f]),f--}else gn(i[d]),d++;for(;p<=m;){let t=dn(e,c[m+1]);fn(t,a[p]),c[p++]=t}for(;d<=f;){let e=i[d++];e!==null&&gn(e)}return this.ut=o,mn(e,c),De}}),yn=864e5;function bn(e,t){let n=new Date(t.getFullYear(),t.getMonth(),t.getDate()).getTime(),r=[];for(let i of e){let e=xn(new Date(i.updated),n,t),a=r.at(-1);a?.label===e?a.items.push(i):r.push({label:e,items:[i]})}return r}function xn(e,t,n){let r=Math.round((t-new Date(e).setHours(0,0,0,0))/yn);if(r<=0)return`Today`;if(r===1)return`Yesterday`;if(r<7)return`Last seven days`;let i=e.getFullYear()===n.getFullYear()?{}:{year:`numeric`};return e.toLocaleDateString(`en-GB`,{month:`long`,...i})}var Sn=class extends T{static{this.styles=[N,o`
      :host {
        display: block;
      }
      h3 {
        padding: 1.25rem 0.75rem 0.375rem;
        color: var(--ink-faint);
        font-size: 0.8125rem;
        font-weight: 500;
      }
      section:first-child h3 {
        padding-top: 0.5rem;
      }
      li {
        position: relative;
        display: flex;
        align-items: center;
        border-radius: var(--radius);
        transition: background var(--quick);
      }
      li:hover,
      li:has(sotto-menu[open]) {
        background: var(--hover);
      }
      li:has([aria-current]) {
        background: var(--accent-soft);
      }
      a {
        display: block;
        flex: 1;
        min-width: 0;
        padding: 0.4375rem 0.75rem;
        border-radius: var(--radius);
        color: inherit;
        font-size: 0.9375rem;
        text-decoration: none;
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      .title {
        display: flex;
        align-items: center;
        gap: 0.375rem;
      }
      .title > span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .title svg {
        width: 0.8125rem;
        height: 0.8125rem;
        color: var(--accent);
      }
      .excerpt {
        display: -webkit-box;
        margin-top: 0.125rem;
        overflow: hidden;
        color: var(--ink-soft);
        font-size: 0.8125rem;
        line-height: 1.4;
        overflow-wrap: anywhere;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
      }
      mark {
        border-radius: 2px;
        background: var(--mark);
        color: inherit;
      }
      sotto-menu {
        position: absolute;
        right: 0.25rem;
        top: 0.125rem;
        opacity: 0;
        border-radius: var(--radius);
        background: inherit;
      }
      li:is(:hover, :focus-within) sotto-menu,
      sotto-menu[open] {
        opacity: 1;
      }
      li:is(:hover, :focus-within) a {
        padding-right: 2.5rem;
      }
      @media (hover: none) {
        sotto-menu {
          opacity: 1;
        }
        a {
          padding-right: 2.5rem;
        }
      }
      .empty {
        padding: 1rem 0.75rem;
        color: var(--ink-faint);
        font-size: 0.9375rem;
      }
      .more {
        width: 100%;
        margin-top: 0.5rem;
        border-color: transparent;
        background: none;
        font-size: 0.875rem;
      }
    `]}constructor(){super(),this.current=null,this.renaming=null,new A(this,()=>[this.app.conversations])}render(){let{items:e,more:t,state:n,search:r,favourites:i}=this.app.conversations;return e.length===0&&n!==`loading`?y`<p class="empty">
        ${n===`failed`?`The conversations cannot be shown now.`:r?`Nothing found.`:i?`No favourites yet. Mark a conversation or a message with the star.`:`Conversations will appear here.`}
      </p>`:y`
      <div @keydown=${this.#n}>
        ${vn(bn(e,new Date),({label:e})=>e,({label:e,items:t})=>y`
            <section aria-label=${e}>
              <h3>${e}</h3>
              <ul>
                ${vn(t,({id:e})=>e,e=>this.#e(e))}
              </ul>
            </section>
          `)}
      </div>
      ${t?y`<button class="button more" @click=${()=>void this.app.conversations.loadMore()}>Show more</button>`:x}
    `}focus(){this.renderRoot.querySelector(`a`)?.focus()}#e(e){let{id:t,title:n,favourite:r,excerpt:i}=e;if(this.renaming===t)return y`<li>
        <sotto-rename
          .name=${n}
          @renamed=${({detail:e})=>this.#t(t,e)}
        ></sotto-rename>
      </li>`;let a=n||`Untitled`;return y`<li>
      <a
        href=${i?`#/${t}/${i.message}`:`#/${t}`}
        data-id=${t}
        aria-current=${this.current===t?`page`:x}
      >
        <span class="title">
          <span>${a}</span>
          ${r?y`${F.starred}<span class="hidden-text">(favourite)</span>`:x}
        </span>
        ${i?y`<span class="excerpt">${i.before}<mark>${i.word}</mark>${i.after}</span>`:x}
      </a>
      <sotto-menu
        .label=${`Actions for ${a}`}
        .items=${Jt(this.app,e,()=>this.renaming=t)}
      ></sotto-menu>
    </li>`}#t(e,t){this.renaming=null,t&&this.app.rename(e,t),this.updateComplete.then(()=>this.renderRoot.querySelector(`a[data-id='${e}']`)?.focus())}#n(e){let t=[...this.renderRoot.querySelectorAll(`a`)],n=t.indexOf(e.target);if(n<0)return;let r=this.app.conversations.items.find(({id:e})=>e===t[n]?.dataset.id),i={ArrowDown:n+1,ArrowUp:n-1,Home:0,End:t.length-1}[e.key];if(i!==void 0)t[Math.max(0,Math.min(i,t.length-1))]?.focus();else if(e.key===`F2`&&r)this.renaming=r.id;else if(e.key===`Delete`&&r)(t[n+1]??t[n-1])?.focus(),this.app.remove(r);else return;e.preventDefault()}};I([D({attribute:!1})],Sn.prototype,`app`,void 0),I([D({attribute:!1})],Sn.prototype,`current`,void 0),I([O()],Sn.prototype,`renaming`,void 0),Sn=I([E(`sotto-conversation-list`)],Sn);var Cn=class extends T{static{this.styles=[N,o`
      :host {
        display: block;
        min-width: 0;
        font-size: 0.8125rem;
        line-height: 1.4;
        color: var(--ink-faint);
      }
      .name {
        display: flex;
        align-items: baseline;
        gap: 0.5rem;
        color: var(--ink-soft);
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      .name::before {
        content: '';
        flex: none;
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        background: var(--ink-faint);
      }
      .ready .name::before {
        background: var(--accent);
      }
      .failed .name::before {
        background: var(--danger);
      }
      .loading .name::before {
        background: var(--note);
        animation: breathe 1.6s ease-in-out infinite;
      }
      p {
        padding-left: 1rem;
        text-wrap: balance;
        overflow-wrap: anywhere;
      }
      .failed p {
        color: var(--danger);
      }
      @keyframes breathe {
        50% {
          opacity: 0.3;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        * {
          animation: none !important;
        }
      }
    `]}constructor(){super(),new A(this,()=>[this.app.connection])}render(){let{status:e,state:t}=this.app.connection,n=t===`online`;if(!e)return y`<div role="status"><span class="name">${n?`Connecting`:`Not connected`}</span></div>`;let{name:r,state:i,step:a,notices:o,error:s}=e.model;return y`
      <div class=${n?i:``} role="status">
        <span class="name">${r}</span>
        ${n?x:y`<p>not connected</p>`}
        ${n&&i===`loading`?y`<p>${a??`loading`}</p>`:x}
        ${n&&i===`failed`?y`<p>${s??`The model cannot be used.`}</p>`:x}
        ${o.map(e=>y`<p>${e}</p>`)}
      </div>
    `}};I([D({attribute:!1})],Cn.prototype,`app`,void 0),Cn=I([E(`sotto-model-status`)],Cn);var wn=150,Tn={system:[`light`,F.system],light:[`dark`,F.sun],dark:[`system`,F.moon]},En=class extends T{static{this.styles=[N,o`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--paper);
        border-right: 1px solid var(--line);
      }
      .top {
        display: grid;
        gap: 0.75rem;
        padding: 0.875rem 0.75rem 0.75rem;
      }
      .brand {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 2.25rem;
      }
      .brand a {
        padding: 0 0.75rem;
        border-radius: var(--radius);
        color: var(--accent);
        font: italic 400 1.625rem/1.3 var(--voice);
        letter-spacing: -0.005em;
        text-decoration: none;
      }
      .close {
        display: none;
      }
      .new {
        justify-content: flex-start;
        padding: 0 0.625rem;
        gap: 0.625rem;
      }
      .new kbd {
        margin-left: auto;
      }
      .search {
        position: relative;
      }
      .search svg {
        position: absolute;
        left: 0.6875rem;
        top: 0.6875rem;
        width: 1.125rem;
        height: 1.125rem;
        color: var(--ink-faint);
        pointer-events: none;
      }
      .search .field {
        padding-left: 2.25rem;
        padding-right: 3.75rem;
        border-color: var(--line);
        font-size: 0.9375rem;
      }
      input::-webkit-search-cancel-button {
        display: none;
      }
      kbd {
        color: var(--ink-faint);
        font: 500 0.75rem var(--sans);
      }
      .search kbd {
        position: absolute;
        right: 0.75rem;
        top: 0.75rem;
        pointer-events: none;
      }
      .filter {
        display: flex;
        gap: 0.25rem;
      }
      .filter button {
        min-height: 1.875rem;
        padding: 0 0.75rem;
        border: 0;
        border-radius: 999px;
        background: none;
        color: var(--ink-soft);
        font-size: 0.875rem;
        cursor: pointer;
      }
      .filter button:hover {
        background: var(--hover);
      }
      .filter [aria-pressed='true'] {
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 500;
      }
      .skip {
        position: fixed;
        z-index: 4;
        top: 0.5rem;
        left: 0.5rem;
        padding: 0.5rem 1rem;
        border: 0;
        border-radius: var(--radius);
        background: var(--accent);
        color: var(--accent-ink);
        transform: translateY(-200%);
      }
      .skip:focus {
        transform: none;
      }
      nav {
        display: flex;
        flex-direction: column;
        height: 100%;
      }
      .list {
        position: relative;
        flex: 1;
        min-height: 0;
        padding: 0 0.75rem 1rem;
        overflow-y: auto;
        scrollbar-width: thin;
        scrollbar-color: var(--line-strong) transparent;
      }
      .foot {
        display: flex;
        align-items: flex-start;
        gap: 0.125rem;
        padding: 0.75rem 0.75rem calc(0.75rem + env(safe-area-inset-bottom)) 1.5rem;
        border-top: 1px solid var(--line);
      }
      sotto-model-status {
        flex: 1;
        padding-top: 0.4375rem;
      }
      @media (max-width: 52rem) {
        .close {
          display: inline-grid;
        }
        kbd {
          display: none;
        }
        .search .field {
          padding-right: 0.75rem;
        }
      }
    `]}#e;constructor(){super(),new A(this,()=>[this.app.conversations,this.app.open,this.app.theme])}render(){let{favourites:e}=this.app.conversations,t=this.app.theme.choice,[n,r]=Tn[t],i=navigator.platform.startsWith(`Mac`);return y`<nav aria-label="Conversations">
      <button class="skip" @click=${()=>this.#o(`skip`)}>To the message field</button>
      <div class="top">
        <div class="brand">
          <a href="#" aria-label="sottovoce, a new conversation">sottovoce</a>
          <button class="icon-button close" aria-label="Close the list" @click=${()=>this.#o(`close`)}>
            ${F.close}
          </button>
        </div>
        <button class="button new" @click=${this.#t}>
          ${F.plus}New conversation<kbd aria-hidden="true">${i?`⇧⌘O`:`Ctrl ⇧ O`}</kbd>
        </button>
        <div class="search" role="search">
          ${F.search}
          <input
            class="field"
            type="search"
            aria-label="Search conversations"
            placeholder="Search"
            autocomplete="off"
            @input=${this.#r}
            @keydown=${this.#i}
          />
          <kbd aria-hidden="true">${i?`⌘K`:`Ctrl K`}</kbd>
        </div>
        <div class="filter" role="group" aria-label="Show">
          <button aria-pressed=${String(!e)} @click=${()=>this.#n(!1)}>All</button>
          <button aria-pressed=${String(e)} @click=${()=>this.#n(!0)}>Favourites</button>
        </div>
      </div>
      <div class="list">
        <sotto-conversation-list .app=${this.app} .current=${this.app.open.id} @click=${this.#a}></sotto-conversation-list>
      </div>
      <div class="foot">
        <sotto-model-status .app=${this.app}></sotto-model-status>
        <button
          class="icon-button"
          aria-label=${`Colours: ${t}. Change to ${n}`}
          title=${`Colours: ${t}`}
          @click=${()=>this.app.theme.choose(n)}
        >
          ${r}
        </button>
        <button class="icon-button" aria-label="Settings" title="Settings" @click=${()=>this.#o(`settings`)}>
          ${F.settings}
        </button>
      </div>
    </nav>`}focusSearch(){this.input.focus(),this.input.select()}#t(){this.app.startNew(),this.#o(`close`)}#n(e){this.app.conversations.find(this.input.value,e)}#r(){clearTimeout(this.#e),this.#e=setTimeout(()=>this.#n(this.app.conversations.favourites),wn)}#i(e){if(e.key===`ArrowDown`)this.list.focus();else if(e.key===`Escape`&&this.input.value)this.input.value=``,this.#r();else return;e.preventDefault(),e.stopPropagation()}#a(e){e.composedPath().some(e=>e instanceof HTMLAnchorElement)&&this.#o(`close`)}#o(e){this.dispatchEvent(new CustomEvent(e))}};I([D({attribute:!1})],En.prototype,`app`,void 0),I([k(`input`)],En.prototype,`input`,void 0),I([k(`sotto-conversation-list`)],En.prototype,`list`,void 0),En=I([E(`sotto-sidebar`)],En);async function Dn(e){try{return await navigator.clipboard.writeText(e),!0}catch{let t=document.createElement(`textarea`);t.value=e,t.className=`clipboard`,document.body.append(t),t.select();let n=document.execCommand(`copy`);return t.remove(),n}}function On(){return{async:!1,breaks:!1,extensions:null,gfm:!0,hooks:null,pedantic:!1,renderer:null,silent:!1,tokenizer:null,walkTokens:null}}var kn=On();function An(e){kn=e}var jn={exec:()=>null};function Mn(e){let t=[];return n=>{let r=Math.max(0,Math.min(3,n-1)),i=t[r];return i||(i=e(r),t[r]=i),i}}function z(e,t=``){let n=typeof e==`string`?e:e.source,r={replace:(e,t)=>{let i=typeof t==`string`?t:t.source;return i=i.replace(B.caret,`$1`),n=n.replace(e,i),r},getRegex:()=>new RegExp(n,t)};return r}var Nn=((e=``)=>{try{return!!RegExp(`(?<=1)(?<!1)`+e)}catch{return!1}})(),B={codeRemoveIndent:/^(?: {0,3}\t| {1,4})/gm,listInterruptsParagraph:/^ {0,3}(?:[*+-]|1[.)])[ \t]+[^ \t\n]/,outputLinkReplace:/\\([\[\]])/g,indentCodeCompensation:/^(\s+)(?:```)/,beginningSpace:/^\s+/,endingHash:/#$/,startingSpaceChar:/^ /,endingSpaceChar:/ $/,endingSpaceTabChar:/[ \t]$/,nonSpaceChar:/[^ ]/,newLineCharGlobal:/\n/g,tabCharGlobal:/\t/g,leadingSpaceTab:/^[ \t]+/,multipleSpaceGlobal:/\s+/g,blankLine:/^[ \t]*$/,doubleBlankLine:/\n[ \t]*\n[ \t]*$/,blockquoteStart:/^ {0,3}>/,blockquoteSetextReplace:/\n {0,3}((?:=+|-+)[ \t]*)(?=\n|$)/g,blockquoteSetextReplace2:/^ {0,3}>[ \t]?/gm,blockquoteMarkerWhitespace:/^( {0,3}>)(\t[ \t]*)/gm,nestedBlockMarker:/^ {0,3}(?:(?:[*+-]|\d{1,9}[.)])(?: |$)|> ?)/,listReplaceNesting:/^ {1,4}(?=( {4})*[^ ])/g,listIsTask:/^\[[ xX]\][ \t]+\S/,listReplaceTask:/^\[[ xX]\][ \t]+/,listTaskCheckbox:/\[[ xX]\]/,anyLine:/\n.*\n/,hrefBrackets:/^<(.*)>$/,tableDelimiter:/[:|]/,tableAlignChars:/^\||\| *$/g,tableRowBlankLine:/\n[ \t]*$/,tableAlignRight:/^ *-+: *$/,tableAlignCenter:/^ *:-+: *$/,tableAlignLeft:/^ *:-+ *$/,startATag:/^<a /i,endATag:/^<\/a>/i,startPreScriptTag:/^<(pre|code|kbd|script)(\s|>)/i,endPreScriptTag:/^<\/(pre|code|kbd|script)(\s|>)/i,startAngleBracket:/^</,endAngleBracket:/>$/,pedanticHrefTitle:/^([^'"]*[^\s])\s+(['"])(.*)\2/,unicodeAlphaNumeric:/[\p{L}\p{N}]/u,numericCharacterReference:/&#(?:(\d{1,7})|[Xx]([A-Fa-f0-9]{1,6}));/,numericCharacterReferenceOrAmpersand:/&#(?:(\d{1,7})|[Xx]([A-Fa-f0-9]{1,6}));|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/g,escapeTest:/[&<>"']/,escapeReplace:/[&<>"']/g,escapeTestNoEncode:/[<>"']|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/,escapeReplaceNoEncode:/[<>"']|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/g,caret:/(^|[^\[])\^/g,percentDecode:/%25/g,findPipe:/\|/g,splitPipe:/ \|/,slashPipe:/\\\|/g,carriageReturn:/\r\n|\r/g,spaceLine:/^ +$/gm,notSpaceStart:/^\S*/,endingNewline:/\n$/,listItemRegex:e=>RegExp(`^( {0,3}${e})((?:[	 ][^\\n]*)?(?:\\n|$))`),nextBulletRegex:Mn(e=>RegExp(`^ {0,${e}}(?:[*+-]|\\d{1,9}[.)])((?:[ 	][^\\n]*)?(?:\\n|$))`)),hrRegex:Mn(e=>RegExp(`^ {0,${e}}((?:-[ 	]*){3,}|(?:_[ 	]*){3,}|(?:\\*[ 	]*){3,})(?:\\n+|$)`)),fencesBeginRegex:Mn(e=>RegExp(`^ {0,${e}}(?:\`\`\`|~~~)`)),headingBeginRegex:Mn(e=>RegExp(`^ {0,${e}}#{1,6}(?:\\s|$)`)),pedanticHeadingBeginRegex:Mn(e=>RegExp(`^ {0,${e}}#`)),htmlBeginRegex:Mn(e=>RegExp(`^ {0,${e}}(?:</?(?:${Bn})(?:[ \\t]+|$|/?>)|<(?:(?:script|pre|style|textarea)(?:[\\s>]|$)|!--)|<\\?|<![A-Za-z]|<!\\[CDATA\\[)`,`i`)),blockquoteBeginRegex:Mn(e=>RegExp(`^ {0,${e}}>`)),nestedContainerMarkers:/^(?: {0,3}(?:(?:[*+-]|\d{1,9}[.)])[ \t]+|>[ \t]?))+/},Pn=/^(?:[ \t]*(?:\n|$))+/,Fn=/^((?: {4}| {0,3}\t)[^\n]+(?:\n(?:[ \t]*(?:\n|$))*)?)+/,In=/^ {0,3}(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)(?:\n|$)(?:|([\s\S]*?)(?:\n|$))(?: {0,3}(?:(?=`)\1`*|(?=~)\1~*) *(?=\n|$)|$)/,Ln=/^ {0,3}((?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/,Rn=/^ {0,3}(#{1,6})(?=\s|$)(.*)(?:\n+|$)/,zn=/ {0,3}(?:[*+-]|\d{1,9}[.)])/,Bn=`address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|meta|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul`,Vn=z(` {0,3}(?:</?(?:tag)(?:[ \\t]+|\\n|/?>)|<(?:(?:script|pre|style|textarea)(?:[\\s>]|$)|!--)|<\\?|<![A-Za-z]|<!\\[CDATA\\[)`).replace(`tag`,Bn).getRegex(),Hn=/^(?!bull |blockCode|fences|blockquote|heading|html|table)((?:.|\n(?!\s*?\n|bull |fences|blockquote|heading|hr|html|table))+?)\n {0,3}(=+|-+)[ \t]*(?:\n+|$)/,Un=z(Hn).replace(/bull/g,zn).replace(/blockCode/g,/(?: {4}| {0,3}\t)/).replace(/fences/g,/ {0,3}(?:`{3,}|~{3,})/).replace(/blockquote/g,/ {0,3}>/).replace(/heading/g,/ {0,3}#{1,6}(?:\s|$)/).replace(/hr/g,/ {0,3}(?:(?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/).replace(/\|table/g,``).replace(/html/g,Vn).getRegex(),Wn=z(Hn).replace(/bull/g,zn).replace(/blockCode/g,/(?: {4}| {0,3}\t)/).replace(/fences/g,/ {0,3}(?:`{3,}|~{3,})/).replace(/blockquote/g,/ {0,3}>/).replace(/heading/g,/ {0,3}#{1,6}(?:\s|$)/).replace(/hr/g,/ {0,3}(?:(?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/).replace(/table/g,/ {0,3}\|?(?:[:\- ]*\|)+[\:\- ]*\n/).replace(/html/g,Vn).getRegex(),Gn=/^([^\n]+(?:\n(?!hr|heading|lheading|blockquote|fences|list|html|table|[ \t]+\n)[^\n]+)*)/,Kn=/^[^\n]+/,qn=/(?!\s*\])(?:\\[\s\S]|[^\[\]\\\n]|\n(?![ \t]*\n))+/,Jn=z(/^ {0,3}\[(label)\]: *(?:\n[ \t]*)?([^<\s][^\s]*|<(?:\\.|[^\n<>\\])*>)(?:(?: +(?:\n[ \t]*)?| *\n[ \t]*)(title))? *(?:\n+|$)/).replace(`label`,qn).replace(`title`,/(?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\\n]|\n(?!\n))*'|\((?:\\[\s\S]|[^()\\])*\))/).getRegex(),Yn=z(/^(bull)([ \t][^\n]*?)?(?:\n|$)/).replace(/bull/g,zn).getRegex(),Xn=/<!--(?:-?>|[\s\S]*?(?:-->|$))/,Zn=z(`^ {0,3}(?:<(script|pre|style|textarea)[\\s>][\\s\\S]*?(?:</\\1>[^\\n]*\\n*|$)|comment[^\\n]*(\\n+|$)|<\\?[\\s\\S]*?(?:\\?>[^\\n]*\\n*|$)|<![A-Z][\\s\\S]*?(?:>[^\\n]*\\n*|$)|<!\\[CDATA\\[[\\s\\S]*?(?:\\]\\]>[^\\n]*\\n*|$)|</?(tag)(?:[ \\t]+|\\n|/?>|$)[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$)|<(?!(?:script|pre|style|textarea)(?![a-z0-9-]))([a-z][a-z0-9-]*)(?:attribute)*?[ \\t]*/?>(?=[ \\t]*(?:\\n|$))[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$)|</[a-z][a-z0-9-]*\\s*>(?=[ \\t]*(?:\\n|$))[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$))`,`i`).replace(`comment`,Xn).replace(`tag`,Bn).replace(`attribute`,/[ \t]+[a-zA-Z:_][\w.:-]*(?:[ \t]*=[ \t]*"[^"\n]*"|[ \t]*=[ \t]*'[^'\n]*'|[ \t]*=[ \t]*[^\s"'=<>`]+)?/).getRegex(),Qn=e=>z(Gn).replace(`hr`,Ln).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`|lheading`,``).replace(`|table`,``).replace(`blockquote`,` {0,3}>`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,e).replace(`html`,Vn).getRegex(),$n=Qn(/ {0,3}(?:[*+-]|1[.)])[ \t]+[^ \t\n]/),er=Qn(/ {0,3}(?:[*+-]|\d{1,9}[.)])(?:[ \t]|\n|$)/),tr={blockquote:z(/^( {0,3}> ?(?:(?![ \t]*(?:\n|$))(paragraph)|[^\n]*)(?:\n|$))+/).replace(`paragraph`,er).getRegex(),code:Fn,def:Jn,fences:In,heading:Rn,hr:Ln,html:Zn,lheading:Un,list:Yn,newline:Pn,paragraph:$n,table:jn,text:Kn},nr=z(`^ *([^\\n ].*)\\n {0,3}((?:\\| *)?:?-+:? *(?:\\| *:?-+:? *)*(?:\\| *)?)(?:\\n((?:(?! *\\n|hr|heading|blockquote|code|fences|list|html).*(?:\\n|$))*)\\n*|$)`).replace(`hr`,Ln).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`blockquote`,` {0,3}>`).replace(`code`,`(?: {4}| {0,3}	)[^\\n]`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,` {0,3}(?:[*+-]|1[.)])[ \\t]`).replace(`html`,Vn).getRegex(),rr={...tr,lheading:Wn,table:nr,paragraph:z(Gn).replace(`hr`,Ln).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`|lheading`,``).replace(`table`,nr).replace(`blockquote`,` {0,3}>`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,` {0,3}(?:[*+-]|1[.)])[ \\t]+[^ \\t\\n]`).replace(`html`,Vn).getRegex()},ir={...tr,html:z(`^ *(?:comment(?: *\\n|\\s*$)|<(tag)[\\s\\S]+?</\\1>(?: *\\n{2,}|\\s*$)|<tag(?:"[^"]*"|'[^']*'|\\s[^'"/>\\s]*)*?/?>(?: *\\n{2,}|\\s*$))`).replace(`comment`,Xn).replace(/tag/g,`(?!(?:a|em|strong|small|s|cite|q|dfn|abbr|data|time|code|var|samp|kbd|sub|sup|i|b|u|mark|ruby|rt|rp|bdi|bdo|span|br|wbr|ins|del|img)\\b)\\w+(?!:|[^\\w\\s@]*@)\\b`).getRegex(),def:/^ *\[([^\]]+)\]: *<?([^\s>]+)>?(?: +(["(][^\n]+[")]))? *(?:\n+|$)/,heading:/^(#{1,6})(.*)(?:\n+|$)/,fences:jn,lheading:/^(.+?)\n {0,3}(=+|-+) *(?:\n+|$)/,paragraph:z(Gn).replace(`hr`,Ln).replace(`heading`,` *#{1,6} *[^
]`).replace(`|table`,``).replace(`blockquote`,` {0,3}>`).replace(`|fences`,``).replace(`|list`,``).replace(`|html`,``).replace(`|tag`,``).replace(`lheading`,Un).getRegex()},ar=/^\\([!"#$%&'()*+,\-./:;<=>?@\[\]\\^_`{|}~])/,or=/^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/,sr=/^( {2,}|\\)\n(?!\s*$)[ \t]*/,cr=/^(`+|[^`])(?:(?= {2,}\n)|[\s\S]*?(?:(?=[\\<!\[`*_]|\b_|$)|[^ ](?= {2,}\n)))/,lr=/[\p{P}\p{S}]/u,ur=/[\s\p{P}\p{S}]/u,dr=/[^\s\p{P}\p{S}]/u,fr=z(/^((?![*_])punctSpace)/,`u`).replace(/punctSpace/g,ur).getRegex(),pr=/[\p{Pi}\p{Ps}"']/u,mr=/(?!~)[\p{P}\p{S}]/u,hr=/(?!~)[\s\p{P}\p{S}]/u,gr=/(?:[^\s\p{P}\p{S}]|~)/u,_r=z(/link|precode-code|html/,`g`).replace(`link`,/\[(?:[^\[\]`]|(?<a>`+)[^`]+\k<a>(?!`))*?\]\((?:\\[\s\S]|[^\\\(\)]|\((?:\\[\s\S]|[^\\\(\)])*\))*\)/).replace(`precode-`,Nn?"(?<!`)()":"(^^|[^`])").replace(`code`,/(?<b>`+)[^`]+\k<b>(?!`)/).replace(`html`,/<(?! )[^<>]*?>/).getRegex(),vr=/^(?:\*+(?:((?!\*)punct)|([^\s*]))?)|^_+(?:((?!_)punct)|([^\s_]))?/,yr=z(vr,`u`).replace(/punct/g,lr).getRegex(),br=z(vr,`u`).replace(/punct/g,mr).getRegex(),xr=z(/^(?:\*+(?:((?!\*)(?!openQuote)punct)|([^\s*]))?)|^_+(?:((?!_)(?!openQuote)punct)|([^\s_]))?/,`u`).replace(/openQuote/g,pr).replace(/punct/g,lr).getRegex(),Sr=`^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)|[^*]+(?=[^*])|(?!\\*)punct(\\*+)(?=[\\s]|$)|notPunctSpace(\\*+)(?!\\*)(?=punctSpace|$)|(?!\\*)punctSpace(\\*+)(?=notPunctSpace)|[\\s](\\*+)(?!\\*)(?=punct)|(?!\\*)punct(\\*+)(?!\\*)(?=punct)|notPunctSpace(\\*+)(?=notPunctSpace)`,Cr=z(Sr,`gu`).replace(/notPunctSpace/g,dr).replace(/punctSpace/g,ur).replace(/punct/g,lr).getRegex(),wr=z(Sr,`gu`).replace(/notPunctSpace/g,gr).replace(/punctSpace/g,hr).replace(/punct/g,mr).getRegex(),Tr=z(`^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)|[^*]+(?=[^*])|(?!\\*)punct(\\*+)(?=[\\s]|$)|notPunctSpace(\\*+)(?!\\*)(?=punctSpace|$)|(?!\\*)[\\s](\\*+)(?=notPunctSpace)|[\\s](\\*+)(?!\\*)(?=punct)|(?!\\*)punct(\\*+)(?!\\*)(?=punct)|(?:(?!\\*)punct|notPunctSpace)(\\*+)(?!\\*)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,dr).replace(/punctSpace/g,ur).replace(/punct/g,lr).getRegex(),Er=z(`^[^_*]*?\\*\\*[^_*]*?_[^_*]*?(?=\\*\\*)|[^_]+(?=[^_])|(?!_)punct(_+)(?=[\\s]|$)|notPunctSpace(_+)(?!_)(?=punctSpace|$)|(?!_)punctSpace(_+)(?=notPunctSpace)|[\\s](_+)(?!_)(?=punct)|(?!_)punct(_+)(?!_)(?=punct)`,`gu`).replace(/notPunctSpace/g,dr).replace(/punctSpace/g,ur).replace(/punct/g,lr).getRegex(),Dr=z(`^[^_*]*?\\*\\*[^_*]*?_[^_*]*?(?=\\*\\*)|[^_]+(?=[^_])|(?!_)punct(_+)(?=[\\s]|$)|notPunctSpace(_+)(?!_)(?=punctSpace|$)|(?!_)[\\s](_+)(?=notPunctSpace)|[\\s](_+)(?!_)(?=punct)|(?!_)punct(_+)(?!_)(?=punct)|(?:(?!_)punct|notPunctSpace)(_+)(?!_)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,dr).replace(/punctSpace/g,ur).replace(/punct/g,lr).getRegex(),Or=z(/^~~?(?:((?!~)punct)|[^\s~])/,`u`).replace(/punct/g,lr).getRegex(),kr=z(`^[^~]+(?=[^~])|(?!~)punct(~~?)(?=[\\s]|$)|notPunctSpace(~~?)(?!~)(?=punctSpace|$)|(?!~)punctSpace(~~?)(?=notPunctSpace)|[\\s](~~?)(?!~)(?=punct)|(?!~)punct(~~?)(?!~)(?=punct)|notPunctSpace(~~?)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,dr).replace(/punctSpace/g,ur).replace(/punct/g,lr).getRegex(),Ar=z(/\\(punct)/,`gu`).replace(/punct/g,lr).getRegex(),jr=z(/(`+)(?:[^`]|[^`][\s\S]*?[^`])\1(?!`)|`+|\\(punct)/,`gu`).replace(/punct/g,lr).getRegex(),Mr=z(/^<(scheme:[^\s\x00-\x1f<>]*|email)>/).replace(`scheme`,/[a-zA-Z][a-zA-Z0-9+.-]{1,31}/).replace(`email`,/[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+(@)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+(?![-_])/).getRegex(),Nr=z(Xn).replace(`(?:-->|$)`,`-->`).getRegex(),Pr=z(`^comment|^</[a-zA-Z][a-zA-Z0-9-]*\\s*>|^<[a-zA-Z][a-zA-Z0-9-]*(?:attribute)*?\\s*/?>|^<\\?[\\s\\S]*?\\?>|^<![a-zA-Z]+\\s[\\s\\S]*?>|^<!\\[CDATA\\[[\\s\\S]*?\\]\\]>`).replace(`comment`,Nr).replace(`attribute`,/\s+[a-zA-Z:_][\w.:-]*(?:\s*=\s*"[^"]*"|\s*=\s*'[^']*'|\s*=\s*[^\s"'=<>`]+)?/).getRegex(),Fr=/\[(?:\\[\s\S]|[^\[\]\\])*\]/,Ir=z(/(?:\[(?:brackets|\\[\s\S]|[^\[\]\\])*\]|\\[\s\S]|`+(?!`)[^`]*?`+(?!`)|``+(?=\])|[^\[\]\\`])*?/).replace(`brackets`,Fr).getRegex(),Lr=z(/^!?\[(label)\]\([ \t\n]*(href)(?:(?:[ \t]+(?:\n[ \t]*)?|\n[ \t]*)(title))?[ \t\n]*\)/).replace(`label`,Ir).replace(`href`,/<(?:\\.|[^\n<>\\])*>|(?!<)[^ \t\n\x00-\x1f]+|(?=\))/).replace(`title`,/"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\((?:\\[\s\S]|[^)\\])*\)/).getRegex(),Rr=z(/^!?\[(label)\]\[(ref)\]/).replace(`label`,Ir).replace(`ref`,qn).getRegex(),zr=z(/^!?\[(ref)\](?:\[\])?/).replace(`ref`,qn).getRegex(),Br=/(?!\s*\])(?:\\[\s\S]|[^\[\]\\]){1,999}/,Vr=z(/(?:[^\[\]\\`]*(?:\[(?:brackets|\\[\s\S]|[^\[\]\\])*\]|\\[\s\S]|`+(?!`)[^`]*?`+(?!`)|``+(?=\]))){0,999}?[^\[\]\\`]*?/).replace(`brackets`,Fr).getRegex(),Hr=z(`reflink|nolink(?!\\()`,`g`).replace(`reflink`,z(/^!?\[(label)\]\[(ref)\]/).replace(`label`,Vr).replace(`ref`,Br).getRegex()).replace(`nolink`,z(/^!?\[(ref)\](?:\[\])?/).replace(`ref`,Br).getRegex()).getRegex(),Ur=/[hH][tT][tT][pP][sS]?|[fF][tT][pP]/,Wr=z(/(?:mailto:email|xmpp:email(?:\/[A-Za-z0-9@.]+)?)/).replace(/email/g,/[A-Za-z0-9._+-]+@[a-zA-Z0-9-_]+(?:\.[a-zA-Z0-9-_]*[a-zA-Z0-9])+(?![\w-])/).getRegex(),Gr={_backpedal:jn,anyPunctuation:Ar,anyPunctuationOutsideCode:jr,autolink:Mr,blockSkip:_r,br:sr,code:or,del:jn,delLDelim:jn,delRDelim:jn,emStrongLDelim:yr,emStrongRDelimAst:Cr,emStrongRDelimUnd:Er,escape:ar,link:Lr,nolink:zr,punctuation:fr,reflink:Rr,reflinkSearch:Hr,tag:Pr,text:cr,url:jn},Kr={...Gr,emStrongLDelim:xr,emStrongRDelimAst:Tr,emStrongRDelimUnd:Dr,link:z(/^!?\[(label)\]\((.*?)\)/).replace(`label`,Ir).getRegex(),reflink:z(/^!?\[(label)\]\s*\[([^\]]*)\]/).replace(`label`,Ir).getRegex()},qr={...Gr,emStrongRDelimAst:wr,emStrongLDelim:br,delLDelim:Or,delRDelim:kr,url:z(/^emailProtocol|^((?:protocol):\/\/|www\.)(?:[a-zA-Z0-9\-]+\.?)+[^\s<]*|^email/).replace(`emailProtocol`,Wr).replace(`protocol`,Ur).replace(`email`,/[A-Za-z0-9._+-]+(@)[a-zA-Z0-9-_]+(?:\.[a-zA-Z0-9-_]*[a-zA-Z0-9])+(?![\w-])/).getRegex(),_backpedal:/(?:[^?!.,:;*_'"~()&]+|\([^)]*\)|&(?![a-zA-Z0-9]+;$)|[?!.,:;*_'"~)]+(?!$))+/,del:/^(~~?)(?=[^\s~])((?:\\[\s\S]|[^\\])*?(?:\\[\s\S]|[^\s~\\]))\1(?=[^~]|$)/,text:z(/^(?:[^a-zA-Z0-9](?=emailProtocol)|(`+|~+|[^`~])(?:(?=[`~])|(?= {2,}\n)|(?=[a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-]+@)|[\s\S]*?(?:(?=[\\<!\[`*~_]|\b_|protocol:\/\/|wwwStart|$)|[^ ](?= {2,}\n)|[^a-zA-Z0-9](?=emailProtocol)|[^a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-](?=[a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-]+@))))/).replace(`protocol`,Ur).replace(/emailProtocol/g,/(?:mailto|xmpp):/).replace(`wwwStart`,Nn?`(?<![^\\s*_~(])www\\.`:`www\\.`).getRegex()},Jr={...qr,br:z(sr).replace(`{2,}`,`*`).getRegex(),text:z(qr.text).replace(`\\b_`,`\\b_| {2,}\\n`).replace(/\{2,\}/g,`*`).getRegex()},Yr={normal:tr,gfm:rr,pedantic:ir},Xr={normal:Gr,gfm:qr,breaks:Jr,pedantic:Kr},Zr={"&":`&amp;`,"<":`&lt;`,">":`&gt;`,'"':`&quot;`,"'":`&#39;`},Qr=e=>Zr[e];function V(e,t){if(t){if(B.escapeTest.test(e))return e.replace(B.escapeReplace,Qr)}else if(B.escapeTestNoEncode.test(e))return e.replace(B.escapeReplaceNoEncode,Qr);return e}function $r(e){return B.numericCharacterReference.test(e)?e.replace(B.numericCharacterReferenceOrAmpersand,(e,t,n)=>{if(t===void 0&&n===void 0)return`&amp;`;let r=t===void 0?Number.parseInt(n,16):Number.parseInt(t,10);return r===0||r>1114111||r>=55296&&r<=57343?`�`:r===38?`&amp;`:String.fromCodePoint(r)}):e}function ei(e){try{e=encodeURI(e).replace(B.percentDecode,`%`)}catch{return null}return e}function ti(e,t){let n=e.replace(B.findPipe,(e,t,n)=>{let r=!1,i=t;for(;--i>=0&&n[i]===`\\`;)r=!r;return r?`|`:` |`}).split(B.splitPipe),r=0;if(n[0].trim()||n.shift(),n.length>0&&!n.at(-1)?.trim()&&n.pop(),t){if(n.length>t)n.splice(t);else for(;n.length<t;)n.push(``)}for(;r<n.length;r++)n[r]=n[r].trim().replace(B.slashPipe,`|`);return n}function ni(e,t,n){let r=e.length;if(r===0)return``;let i=0;for(;i<r;){let a=e.charAt(r-i-1);if(a===t&&!n)i++;else if(a!==t&&n)i++;else break}return e.slice(0,r-i)}function ri(e){let t=e.split(`
`),n=t.length-1;for(;n>=0&&B.blankLine.test(t[n]);)n--;return t.length-n<=2?e:t.slice(0,n+1).join(`
`)}function ii(e){return e.trim().replace(B.multipleSpaceGlobal,` `).toLowerCase().toUpperCase().toLowerCase()}function ai(e,t){if(e.indexOf(t[0])===-1&&e.indexOf(t[1])===-1)return-1;let n=0;for(let r=0;r<e.length;r++)if(e[r]===`\\`)r++;else if(e[r]===t[0])n++;else if(e[r]===t[1]&&(n--,n<0))return r;return n>0?-2:-1}var oi=new WeakMap;function si(e){let t={"*":-1,_:-1},n=-1,r=e.length;for(let i=0;i<r;i++){let a=e[i];if(a!==`*`&&a!==`_`&&a!==`~`)continue;let o=i===0?`
`:e[i-1],s=i+1;for(;s<r&&e[s]===a;)s++;o!==` `&&o!==`	`&&o!==`
`&&o!==`\r`&&o!==`\f`&&(a===`~`?n=i:t[a]=i),i=s-1}return{maskedSrc:e,lastPossibleEmStrongCloserIndex:t,lastPossibleDelCloserIndex:n}}function ci(e,t){let n=si(t),r=oi.get(e);r?r.push(n):oi.set(e,[n])}function li(e){let t=oi.get(e);t&&(t.pop(),t.length===0&&oi.delete(e))}function ui(e,t,n){let r=oi.get(e)?.at(-1);return r&&r.maskedSrc===t?r.lastPossibleEmStrongCloserIndex[n]:si(t).lastPossibleEmStrongCloserIndex[n]}function di(e,t){let n=oi.get(e)?.at(-1);return n&&n.maskedSrc===t?n.lastPossibleDelCloserIndex:si(t).lastPossibleDelCloserIndex}function fi(e,t=0){let n=t,r=``;for(let t of e)if(t===`	`){let e=4-n%4;r+=` `.repeat(e),n+=e}else r+=t,n++;return r}function pi(e,t){let n=``;for(let r=0;r<e.length;r++){if(e[r]==="`"){let i=t.inline.code.exec(e.slice(r));if(i){n+=i[0],r+=i[0].length-1;continue}}e[r]===`\\`&&(e[r+1]===`[`||e[r+1]===`]`)?(n+=e[r+1],r++):n+=e[r]}return n}function mi(e,t,n,r,i){let a=t.href,o=t.title||null,s=pi(e[1],i),c=e[0].charAt(0)===`!`,l=r.state.inLink,u=r.state.linkEmitted,d=r.state.inRawBlock;r.state.inLink=!0,r.state.linkEmitted=!1;let f=r.inlineTokens(s),p=r.state.linkEmitted;if(r.state.linkEmitted=u,r.state.inLink=l,!c){if(p){r.state.inRawBlock=d;return}r.state.linkEmitted=!0}return{type:c?`image`:`link`,raw:n,href:a,title:o,text:s,tokens:f}}function hi(e,t,n){let r=e.match(n.other.indentCodeCompensation);if(r===null)return t;let i=r[1];return t.split(`
`).map(e=>{let t=e.match(n.other.beginningSpace);if(t===null)return e;let[r]=t;return e.slice(Math.min(r.length,i.length))}).join(`
`)}function gi(e,t,n,r){if(!t.includes(`<`))return!1;for(let i=0;i<t.length;i++){if(t[i]===`\\`){i++;continue}if(t[i]==="`"){let e=r.inline.code.exec(t.slice(i));if(e){i+=e[0].length-1;continue}}if(t[i]!==`<`)continue;let a=e.slice(n+i),o=r.inline.tag.exec(a)||r.inline.autolink.exec(a);if(o){if(o[0].length>t.length-i)return!0;i+=o[0].length-1}}return!1}var _i=class{options;rules;lexer;constructor(e){this.options=e||kn}space(e){let t=this.rules.block.newline.exec(e);if(t&&t[0].length>0)return{type:`space`,raw:t[0]}}code(e){let t=this.rules.block.code.exec(e);if(t){let e=this.options.pedantic?t[0]:ri(t[0]);return{type:`code`,raw:e,codeBlockStyle:`indented`,text:e.replace(this.rules.other.codeRemoveIndent,``)}}}fences(e){let t=this.rules.block.fences.exec(e);if(t){let e=t[0],n=hi(e,t[3]||``,this.rules);return t[3]!==void 0&&(n===``||n.endsWith(`
`))&&(n+=`
`),{type:`code`,raw:e,lang:t[2]?t[2].trim().replace(this.rules.inline.anyPunctuation,`$1`):t[2],text:n}}}heading(e){let t=this.rules.block.heading.exec(e);if(t){let e=t[2].trim();if(this.rules.other.endingHash.test(e)){let t=ni(e,`#`);(this.options.pedantic||!t||this.rules.other.endingSpaceTabChar.test(t))&&(e=t.trim())}return{type:`heading`,raw:ni(t[0],`
`),depth:t[1].length,text:e,tokens:this.lexer.inline(e)}}}hr(e){let t=this.rules.block.hr.exec(e);if(t)return{type:`hr`,raw:ni(t[0],`
`)}}blockquote(e){let t=this.rules.block.blockquote.exec(e);if(t){let e=ni(t[0],`
`).split(`
`),n=``,r=``,i=[];for(;e.length>0;){let t=!1,a=[],o=0;for(;o<e.length;o++)if(this.rules.other.blockquoteStart.test(e[o]))a.push(e[o]),t=!0;else if(!t)a.push(e[o]);else break;e=e.slice(o);let s=a.join(`
`),c=s.replace(this.rules.other.blockquoteMarkerWhitespace,(e,t,n)=>n.startsWith(` `)?t+` `+n.slice(1):t+fi(n,t.length)).replace(this.rules.other.blockquoteSetextReplace,`
    $1`).replace(this.rules.other.blockquoteSetextReplace2,``);n=n?`${n}
${s}`:s,r=r?`${r}
${c}`:c;let l=this.lexer.state.top;if(this.lexer.state.top=!0,this.lexer.blockTokens(c,i,!0),this.lexer.state.top=l,e.length===0)break;let u=i.at(-1);if(u?.type===`code`||u?.type===`heading`||u?.type===`hr`||u?.type===`html`||u?.type===`table`)break;if(u?.type===`blockquote`){let t=u,a=e.join(`
`),o=t.raw+`
`+a.replace(this.rules.other.blockquoteSetextReplace2,``),s=this.blockquote(o);i[i.length-1]=s;let c=o.substring(s.raw.length).replace(/^\n/,``),l=c?c.split(`
`).length:0,d=l?e.slice(0,-l):e;if(d.length>0&&(n=`${n}
${d.join(`
`)}`),r=r.substring(0,r.length-t.text.length)+s.text,e=e.slice(d.length),e.length>0&&this.rules.other.blockquoteStart.test(e[0]))continue;break}if(u?.type===`list`){let t=u,a=t.raw+`
`+e.join(`
`),o=this.list(a);i[i.length-1]=o;let s=o.raw.length>t.raw.length?a.slice(t.raw.length+1,o.raw.length).split(`
`).length:0;if(s>0){let t=e.slice(0,s).join(`
`);n=`${n}
${t}`,r=`${r}
${t}`}if(e=e.slice(s),e.length>0&&!this.rules.other.blockquoteStart.test(e[0]))break}}return{type:`blockquote`,raw:n,tokens:i,text:r}}}list(e){let t=this.rules.block.list.exec(e);if(t){if(!this.options.pedantic&&this.lexer.state.lastToken?.type===`text`&&!this.rules.other.listInterruptsParagraph.test(e))return;let n=e,r=()=>n.length-e.length,i=t[1].trim(),a=i.length>1,o={type:`list`,raw:``,ordered:a,start:a?+i.slice(0,-1):``,loose:!1,items:[]};i=a?`\\d{1,9}\\${i.slice(-1)}`:`\\${i}`,this.options.pedantic&&(i=a?i:`[*+-]`);let s=this.rules.other.listItemRegex(i),c=!1;for(;e;){let i=!1,a=``;if(!(t=s.exec(e))||this.rules.block.hr.test(e))break;let l=r();e=e.substring(t[0].length);let u=t[2].split(`
`,1)[0],d=t[1].length,f=this.options.pedantic?fi(u,d):u.replace(this.rules.other.leadingSpaceTab,e=>fi(e,d)),p=e.split(`
`,1)[0],m=!f.trim(),h=0;if(this.options.pedantic?(h=2,a=f.trimStart()):m?h=d+1:(h=f.search(this.rules.other.nonSpaceChar),h=h>4?1:h,a=f.slice(h),h+=d),m&&this.rules.other.blankLine.test(p)&&(e=e.substring(p.length+1),i=!0),!i){let t=this.rules.other.nextBulletRegex(h),n=this.rules.other.hrRegex(h),r=this.rules.other.fencesBeginRegex(h),i=this.options.pedantic?this.rules.other.pedanticHeadingBeginRegex(h):this.rules.other.headingBeginRegex(h),o=this.rules.other.htmlBeginRegex(h),s=this.rules.other.blockquoteBeginRegex(h),c=!1;for(;e;){let l=e.split(`
`,1)[0],u;if(p=l,this.options.pedantic?(p=p.replace(this.rules.other.listReplaceNesting,`  `),u=p):u=p.replace(this.rules.other.leadingSpaceTab,e=>fi(e)),r.test(p)||i.test(p)||o.test(p)||s.test(p)||t.test(p)||n.test(p))break;if(u.search(this.rules.other.nonSpaceChar)>=h||!p.trim())a+=`
`+u.slice(h),c=!1;else{if(m)break;let e=f;if(!this.options.pedantic&&!a.includes(`
`)&&!f.includes(`	`)){let t;for(;!n.test(e)&&(t=this.rules.other.nestedBlockMarker.exec(e));)e=e.slice(t[0].length);if(!e.trim())break}if(e.replace(this.rules.other.tabCharGlobal,`    `).search(this.rules.other.nonSpaceChar)>=4||r.test(e)||i.test(e)||o.test(e)||n.test(e))break;if(!this.options.pedantic&&!c){let e=f.replace(this.rules.other.nestedContainerMarkers,``);if(this.rules.block.fences.test(e)||this.rules.block.heading.test(e)||this.rules.block.hr.test(e))break}let t=!this.options.pedantic&&/^ {0,3}(?:=+|-+) *$/.test(p)&&this.rules.block.lheading.test(`${f}
${p}`)?`    ${u.replace(/^ {0,3}/,``)}`:p;a+=`
`+t,c=!0}m=!p.trim(),e=e.substring(l.length+1),f=u.slice(h)}}let ee=n.slice(l,r());o.loose||(c?o.loose=!0:this.rules.other.doubleBlankLine.test(ee)&&(c=!0)),o.items.push({type:`list_item`,raw:ee,task:!!this.options.gfm&&this.rules.other.listIsTask.test(a),loose:!1,text:a,tokens:[]})}let l=o.items.at(-1);if(l)l.raw=l.raw.trimEnd(),l.text=l.text.trimEnd();else return;o.raw=n.slice(0,r()).trimEnd();let u=[];for(let e of o.items)if(this.lexer.state.top=!1,u.push(this.lexer.inlineQueue.length),e.tokens=this.lexer.blockTokens(e.text,[]),!o.loose){let t=e.tokens.filter(e=>e.type===`space`);o.loose=t.length>0&&t.some(e=>this.rules.other.anyLine.test(e.raw))}for(let e=0;e<o.items.length;e++){let t=o.items[e],n=t.tokens[0];if(t.task&&(n?.type===`text`||n?.type===`paragraph`)){t.text=t.text.replace(this.rules.other.listReplaceTask,``),n.raw=n.raw.replace(this.rules.other.listReplaceTask,``),n.text=n.text.replace(this.rules.other.listReplaceTask,``);let r=this.lexer.inlineQueue;for(let t=u[e];t<r.length;t++)if(r[t].tokens===n.tokens){r[t].src=r[t].src.replace(this.rules.other.listReplaceTask,``);break}let i=this.rules.other.listTaskCheckbox.exec(t.raw);if(i){let e={type:`checkbox`,raw:i[0]+` `,checked:i[0]!==`[ ]`};t.checked=e.checked,o.loose?t.tokens[0]&&[`paragraph`,`text`].includes(t.tokens[0].type)&&`tokens`in t.tokens[0]&&t.tokens[0].tokens?(t.tokens[0].raw=e.raw+t.tokens[0].raw,t.tokens[0].text=e.raw+t.tokens[0].text,t.tokens[0].tokens.unshift(e)):t.tokens.unshift({type:`paragraph`,raw:e.raw,text:e.raw,tokens:[e]}):t.tokens.unshift(e)}}else t.task&&=!1}if(o.loose)for(let e of o.items){e.loose=!0;for(let t of e.tokens)t.type===`text`&&(t.type=`paragraph`)}return o}}html(e){let t=this.rules.block.html.exec(e);if(t){if(this.lexer.state.lastToken?.type===`paragraph`&&!this.rules.other.htmlBeginRegex(4).test(e))return;let n=ri(t[0]);return{type:`html`,block:!0,raw:n,pre:t[1]===`pre`||t[1]===`script`||t[1]===`style`,text:n}}}def(e){let t=this.rules.block.def.exec(e);if(t){if(!this.rules.other.startAngleBracket.test(t[2])&&ai(t[2],`()`)!==-1)return;let e=ii(t[1]),n=t[2]?t[2].replace(this.rules.other.hrefBrackets,`$1`).replace(this.rules.inline.anyPunctuation,`$1`):``,r=t[3]?t[3].substring(1,t[3].length-1).replace(this.rules.inline.anyPunctuation,`$1`):t[3];return{type:`def`,tag:e,raw:ni(t[0],`
`),href:n,title:r}}}table(e){let t=this.rules.block.table.exec(e);if(!t||!this.rules.other.tableDelimiter.test(t[2]))return;let n=ti(t[1]),r=t[2].replace(this.rules.other.tableAlignChars,``).split(`|`),i=t[3]?.trim()?t[3].replace(this.rules.other.tableRowBlankLine,``).split(`
`):[],a={type:`table`,raw:ni(t[0],`
`),header:[],align:[],rows:[]};if(n.length===r.length){for(let e of r)this.rules.other.tableAlignRight.test(e)?a.align.push(`right`):this.rules.other.tableAlignCenter.test(e)?a.align.push(`center`):this.rules.other.tableAlignLeft.test(e)?a.align.push(`left`):a.align.push(null);for(let e=0;e<n.length;e++)a.header.push({text:n[e],tokens:this.lexer.inline(n[e]),header:!0,align:a.align[e]});for(let e of i)a.rows.push(ti(e,a.header.length).map((e,t)=>({text:e,tokens:this.lexer.inline(e),header:!1,align:a.align[t]})));return a}}lheading(e){let t=this.rules.block.lheading.exec(e);if(t){let e=t[1].trim();return{type:`heading`,raw:ni(t[0],`
`),depth:t[2].charAt(0)===`=`?1:2,text:e,tokens:this.lexer.inline(e)}}}paragraph(e){let t=this.rules.block.paragraph.exec(e);if(t){let e=t[1].charAt(t[1].length-1)===`
`?t[1].slice(0,-1):t[1];return{type:`paragraph`,raw:t[0],text:e,tokens:this.lexer.inline(e)}}}text(e){let t=this.rules.block.text.exec(e);if(t)return{type:`text`,raw:t[0],text:t[0],tokens:this.lexer.inline(t[0])}}escape(e){if(e.charCodeAt(0)!==92)return;let t=this.rules.inline.escape.exec(e);if(t)return{type:`escape`,raw:t[0],text:t[1]}}tag(e){if(e.charCodeAt(0)!==60)return;let t=this.rules.inline.tag.exec(e);if(t)return!this.lexer.state.inLink&&this.rules.other.startATag.test(t[0])?this.lexer.state.inLink=!0:this.lexer.state.inLink&&this.rules.other.endATag.test(t[0])&&(this.lexer.state.inLink=!1),!this.lexer.state.inRawBlock&&this.rules.other.startPreScriptTag.test(t[0])?this.lexer.state.inRawBlock=!0:this.lexer.state.inRawBlock&&this.rules.other.endPreScriptTag.test(t[0])&&(this.lexer.state.inRawBlock=!1),{type:`html`,raw:t[0],inLink:this.lexer.state.inLink,inRawBlock:this.lexer.state.inRawBlock,block:!1,text:t[0]}}link(e){if(this.lexer.state.linkParenPossible===!1)return;let t=e.charCodeAt(0);if(t!==91&&t!==33)return;let n=this.rules.inline.link.exec(e);if(n){let t=n[0].charAt(0)===`!`?2:1;if(!this.options.pedantic&&gi(e,n[1],t,this.rules))return;let r=n[2].trim();if(!this.options.pedantic&&this.rules.other.startAngleBracket.test(r)){if(!this.rules.other.endAngleBracket.test(r))return;let e=ni(r.slice(0,-1),`\\`);if((r.length-e.length)%2==0)return}else{let e=ai(n[2],`()`);if(e===-2)return;if(e>-1){let t=(n[0].indexOf(`!`)===0?5:4)+n[1].length+e;n[2]=n[2].substring(0,e),n[0]=n[0].substring(0,t).trim(),n[3]=``}}let i=ni(n[0].slice(0,-1),`\\`);if((n[0].length-i.length)%2==0)return;let a=n[2],o=``;if(this.options.pedantic){let e=this.rules.other.pedanticHrefTitle.exec(a);e&&(a=e[1],o=e[3])}else o=n[3]?n[3].slice(1,-1):``;return a=a.trim(),this.rules.other.startAngleBracket.test(a)&&(a=this.options.pedantic&&!this.rules.other.endAngleBracket.test(r)?a.slice(1):a.slice(1,-1)),mi(n,{href:a&&a.replace(this.rules.inline.anyPunctuation,`$1`),title:o&&o.replace(this.rules.inline.anyPunctuation,`$1`)},n[0],this.lexer,this.rules)}}reflink(e,t){let n=e.charCodeAt(0);if(n!==91&&n!==33)return;let r;if((r=this.rules.inline.reflink.exec(e))||(r=this.rules.inline.nolink.exec(e))){let n=r[0].charAt(0)===`!`?2:1;if(!this.options.pedantic&&gi(e,r[1],n,this.rules))return;let i=t[ii(r[2]||r[1])];if(!i){let e=r[0].charAt(0);return{type:`text`,raw:e,text:e}}return mi(r,i,r[0],this.lexer,this.rules)}}emStrong(e,t,n=``){let r=this.rules.inline.emStrongLDelim.exec(e);if(!r||!r[1]&&!r[2]&&!r[3]&&!r[4])return;let i=r[0][0],a=n===i,o=t.length-e.length,s=o;for(;!this.options.pedantic&&s>0&&t[s-1]===i;)s--;let c=[...t.slice(Math.max(0,s-2),s)].at(-1)??``,l=c===`*`||c===`_`||!!this.rules.inline.punctuation.exec(c);s<o&&(n=c);let u=s<o?l:n===`*`||n===`_`||!!this.rules.inline.punctuation.exec(n);if(r[4]&&n.match(this.rules.other.unicodeAlphaNumeric))return;let d=r[1]||r[3]||``;if(!d||!n||u){let n=[...r[0]].length-1,u,f,p=n,m=0,h=o-s+n,ee=!this.options.pedantic&&!!c.trim()&&(!!d||i===`*`&&!l);if(i!==`*`&&i!==`_`)return;let te=i===`*`?this.rules.inline.emStrongRDelimAst:this.rules.inline.emStrongRDelimUnd,ne=ui(this,t,i),re=t.length-e.length+n;if(ne<re)return;t=t.slice(-1*e.length+n);let ie=ne-re;for(te.lastIndex=0;(r=te.exec(t))!==null&&!(r.index>ie);){if(u=r[1]||r[2]||r[3]||r[4]||r[5]||r[6],!u)continue;if(f=[...u].length,r[3]||r[4]){p+=f;continue}if((r[5]||r[6]||ee)&&h%3&&!((h+f)%3)){if(a&&(r[5]||r[6]))break;m+=f;continue}if(p-=f,p>0)continue;f=Math.min(f,f+p+m);let t=[...r[0]][0].length,i=e.slice(0,n+r.index+t+f);if(Math.min(n,f)%2){let e=i.slice(1,-1);return{type:`em`,raw:i,text:e,tokens:this.lexer.inlineTokens(e)}}let o=i.slice(2,-2);return{type:`strong`,raw:i,text:o,tokens:this.lexer.inlineTokens(o)}}}}codespan(e){if(e.charCodeAt(0)!==96)return;let t=this.rules.inline.code.exec(e);if(t){let e=t[2].replace(this.rules.other.newLineCharGlobal,` `),n=this.rules.other.nonSpaceChar.test(e),r=this.rules.other.startingSpaceChar.test(e)&&this.rules.other.endingSpaceChar.test(e);return n&&r&&(e=e.substring(1,e.length-1)),{type:`codespan`,raw:t[0],text:e}}}br(e){let t=e.charCodeAt(0);if(t!==32&&t!==92&&t!==10)return;let n=this.rules.inline.br.exec(e);if(n)return{type:`br`,raw:n[0]}}del(e,t,n=``){if(e.charCodeAt(0)!==126)return;let r=this.rules.inline.delLDelim.exec(e);if(r&&(!r[1]||!n||this.rules.inline.punctuation.exec(n))){let n=[...r[0]].length-1,i,a,o=n,s=this.rules.inline.delRDelim,c=di(this,t),l=t.length-e.length+n;if(c<l)return;t=t.slice(-1*e.length+n);let u=c-l;for(s.lastIndex=0;(r=s.exec(t))!==null&&!(r.index>u);){if(i=r[1]||r[2]||r[3]||r[4]||r[5]||r[6],!i||(a=[...i].length,a!==n))continue;if(r[3]||r[4]){o+=a;continue}if(o-=a,o>0)continue;a=Math.min(a,a+o);let t=[...r[0]][0].length,s=e.slice(0,n+r.index+t+a),c=s.slice(n,-n);return{type:`del`,raw:s,text:c,tokens:this.lexer.inlineTokens(c)}}}}autolink(e){if(e.charCodeAt(0)!==60)return;let t=this.rules.inline.autolink.exec(e);if(t){let e,n;return t[2]===`@`?(e=t[1],n=`mailto:`+e):(e=t[1],n=e),{type:`link`,raw:t[0],text:e,href:n,autolink:!0,tokens:[{type:`text`,raw:e,text:e}]}}}url(e){let t;if(t=this.rules.inline.url.exec(e)){let e,n;if(t[2]===`@`)e=t[0],n=`mailto:`+e;else{let r;do r=t[0],t[0]=this.rules.inline._backpedal.exec(t[0])?.[0]??``;while(r!==t[0]);e=t[0],n=t[1]===`www.`?`http://`+t[0]:t[0]}return{type:`link`,raw:t[0],text:e,href:n,autolink:!0,tokens:[{type:`text`,raw:e,text:e}]}}}inlineText(e){let t=this.rules.inline.text.exec(e);if(t){let e=this.lexer.state.inRawBlock;return{type:`text`,raw:t[0],text:e?t[0]:$r(t[0]),escaped:e}}}},H=class e{tokens;options;state;inlineQueue;tokenizer;constructor(e){this.tokens=[],this.tokens.links=Object.create(null),this.options=e||kn,this.options.tokenizer=this.options.tokenizer||new _i,this.tokenizer=this.options.tokenizer,this.tokenizer.options=this.options,this.tokenizer.lexer=this,this.inlineQueue=[],this.state={inLink:!1,inRawBlock:!1,linkEmitted:!1,linkParenPossible:!0,top:!0};let t={other:B,block:Yr.normal,inline:Xr.normal};this.options.pedantic?(t.block=Yr.pedantic,t.inline=Xr.pedantic):this.options.gfm&&(t.block=Yr.gfm,t.inline=this.options.breaks?Xr.breaks:Xr.gfm),this.tokenizer.rules=t}static get rules(){return{block:Yr,inline:Xr}}static lex(t,n){return new e(n).lex(t)}static lexInline(t,n){return new e(n).inlineTokens(t)}lex(e){e=e.replace(B.carriageReturn,`
`),this.blockTokens(e,this.tokens);for(let e=0;e<this.inlineQueue.length;e++){let t=this.inlineQueue[e];this.state.inRawBlock=!1,this.inlineTokens(t.src,t.tokens)}return this.inlineQueue=[],this.tokens}blockTokens(e,t=[],n=!1){this.tokenizer.lexer=this;let r=this.state.lastToken;this.options.pedantic&&(e=e.replace(B.tabCharGlobal,`    `).replace(B.spaceLine,``));let i=1/0,a,o=this.options.gfm&&!this.options.pedantic&&this.tokenizer.paragraph===_i.prototype.paragraph;for(;e;){if(e.length<i)i=e.length;else{this.infiniteLoopError(e.charCodeAt(0));break}this.state.lastToken=t.at(-1);let r;if(this.options.extensions?.block?.some(n=>(r=n.call({lexer:this},e,t))?(e=e.substring(r.raw.length),t.push(r),!0):!1))continue;if(r=this.tokenizer.space(e)){e=e.substring(r.raw.length);let n=t.at(-1);r.raw.length===1&&n!==void 0?n.raw+=`
`:t.push(r);continue}if(r=this.tokenizer.code(e)){e=e.substring(r.raw.length);let n=t.at(-1);n?.type===`paragraph`||n?.type===`text`?(n.raw+=(n.raw.endsWith(`
`)?``:`
`)+r.raw,n.text+=`
`+r.text,this.inlineQueue.at(-1).src=n.text):t.push(r);continue}if((r=this.tokenizer.fences(e))||(r=this.tokenizer.heading(e))||(r=this.tokenizer.hr(e))||(r=this.tokenizer.blockquote(e))||(r=this.tokenizer.list(e))||(r=this.tokenizer.html(e))){e=e.substring(r.raw.length),t.push(r);continue}if(r=this.tokenizer.def(e)){e=e.substring(r.raw.length);let n=t.at(-1);n?.type===`paragraph`||n?.type===`text`?(n.raw+=(n.raw.endsWith(`
`)?``:`
`)+r.raw,n.text+=`
`+r.raw,this.inlineQueue.at(-1).src=n.text):(this.tokens.links[r.tag]||(this.tokens.links[r.tag]={href:r.href,title:r.title}),t.push(r));continue}if((r=this.tokenizer.table(e))||(r=this.tokenizer.lheading(e))){e=e.substring(r.raw.length),t.push(r);continue}let s=e;if(this.options.extensions?.startBlock){let t=1/0,n=e.slice(1),r;this.options.extensions.startBlock.forEach(e=>{r=e.call({lexer:this},n),typeof r==`number`&&r>=0&&(t=Math.min(t,r))}),t<1/0&&t>=0&&(s=e.substring(0,t+1))}if(this.state.top&&(r=this.tokenizer.paragraph(s))){let i=t.at(-1);(n||i===a&&o)&&i?.type===`paragraph`?(i.raw+=(i.raw.endsWith(`
`)?``:`
`)+r.raw,i.text+=`
`+r.text,this.inlineQueue.pop(),this.inlineQueue.at(-1).src=i.text,a=i):(t.push(r),a=r),n=s.length!==e.length,e=e.substring(r.raw.length)}else if(r=this.tokenizer.text(e)){e=e.substring(r.raw.length);let n=t.at(-1);n?.type===`text`?(n.raw+=(n.raw.endsWith(`
`)?``:`
`)+r.raw,n.text+=`
`+r.text,this.inlineQueue.pop(),this.inlineQueue.at(-1).src=n.text):t.push(r)}else if(e){this.infiniteLoopError(e.charCodeAt(0));break}}return this.state.top=!0,this.state.lastToken=r,t}inline(e,t=[]){return this.inlineQueue.push({src:e,tokens:t}),t}linkInText(e){if(!e.includes(`[`))return!1;let t=this.tokenizer.rules.inline.link;for(let n of e.matchAll(this.tokenizer.rules.inline.blockSkip))if(t.test(n[0])&&e.charAt(n.index-1)!==`!`)return!0;for(let t of e.matchAll(this.tokenizer.rules.inline.reflinkSearch)){let e=t[0],n=e.lastIndexOf(`[`);if(e.charAt(0)!==`!`&&Object.hasOwn(this.tokens.links,ii(e.slice(n+1,-1)))&&!(n>1&&this.linkInText(e.slice(1,n-1))))return!0}return!1}inlineTokens(e,t=[]){this.tokenizer.lexer=this;let n=this.state.linkParenPossible;this.state.linkParenPossible=e.includes(`)`);try{return this.#e(e,t)}finally{this.state.linkParenPossible=n}}#e(e,t){let n=e.includes(`*`)||e.includes(`_`)||e.includes(`~`),r=n||this.options.hooks?.emStrongMask||this.tokenizer.emStrong!==_i.prototype.emStrong||this.tokenizer.del!==_i.prototype.del?this.#r(e):e;if(!n)return this.#t(e,r,t);ci(this.tokenizer,r);try{return this.#t(e,r,t)}finally{li(this.tokenizer)}}#t(e,t,n){let r=!1,i=``,a=1/0;for(;e;){if(e.length<a)a=e.length;else{this.infiniteLoopError(e.charCodeAt(0));break}r||(i=``),r=!1;let o;if(this.options.extensions?.inline?.some(t=>(o=t.call({lexer:this},e,n))?(e=e.substring(o.raw.length),n.push(o),!0):!1))continue;if((o=this.tokenizer.escape(e))||(o=this.tokenizer.tag(e))||(o=this.tokenizer.link(e))){e=e.substring(o.raw.length),n.push(o);continue}if(o=this.tokenizer.reflink(e,this.tokens.links)){e=e.substring(o.raw.length);let t=n.at(-1);o.type===`text`&&t?.type===`text`?(t.raw+=o.raw,t.text+=o.text):n.push(o);continue}let s=e[0];if(s===`*`||s===`_`){let a=t.length-e.length;if(ui(this.tokenizer,t,s)<=a){let t=1;for(;t<e.length&&e.charCodeAt(t)===s.charCodeAt(0);)t++;let a=e.substring(0,t),o=n.at(-1);o?.type===`text`&&!o.escaped?(o.raw+=a,o.text+=a):n.push({type:`text`,raw:a,text:a,escaped:!1}),e=e.substring(t),i=s,r=!0;continue}}else if(s===`~`){let a=t.length-e.length;if(di(this.tokenizer,t)<=a){let t=1;for(;t<e.length&&e.charCodeAt(t)===126;)t++;let a=e.substring(0,t),o=n.at(-1);o?.type===`text`&&!o.escaped?(o.raw+=a,o.text+=a):n.push({type:`text`,raw:a,text:a,escaped:!1}),e=e.substring(t),i=s,r=!0;continue}}if((o=this.tokenizer.emStrong(e,t,i))||(o=this.tokenizer.codespan(e))||(o=this.tokenizer.br(e))||(o=this.tokenizer.del(e,t,i))||(o=this.tokenizer.autolink(e))||!this.state.inLink&&(o=this.tokenizer.url(e))){e=e.substring(o.raw.length),n.push(o);continue}let c=e;if(this.options.extensions?.startInline){let t=1/0,n=e.slice(1),r;this.options.extensions.startInline.forEach(e=>{r=e.call({lexer:this},n),typeof r==`number`&&r>=0&&(t=Math.min(t,r))}),t<1/0&&t>=0&&(c=e.substring(0,t+1))}if(o=this.tokenizer.inlineText(c)){e=e.substring(o.raw.length),o.raw.slice(-1)!==`_`&&(i=o.raw.slice(-1)),r=!0;let t=n.at(-1);t?.type===`text`?(t.raw+=o.raw,t.text+=o.text):n.push(o)}else if(e){this.infiniteLoopError(e.charCodeAt(0));break}}return n}#n(e){let{blockSkip:t,tag:n,autolink:r}=this.tokenizer.rules.inline,i=``,a=0,o;for(t.lastIndex=0;o=t.exec(e);){let s=o.index+(o[2]?o[2].length:0),c=o.index+o[0].length;if(e.charAt(s)===`<`){let i=e.slice(s),a=n.exec(i)||r.exec(i);if(!a){t.lastIndex=s+1;continue}c=s+a[0].length,t.lastIndex=c}i+=e.slice(a,s)+`[`+`a`.repeat(c-s-2)+`]`,a=c}return i+e.slice(a)}#r(e){let t=e;if(this.tokens.links&&e.includes(`[`)){let e=this.tokenizer.rules.inline.reflinkSearch,n=t=>{let r=t.lastIndexOf(`[`);if(!Object.hasOwn(this.tokens.links,ii(t.slice(r+1,-1))))return t;if(r>1&&t.charAt(0)!==`!`){let i=t.slice(1,r-1);if(this.linkInText(i))return`[`+i.replace(e,n)+`][`+`a`.repeat(t.length-r-2)+`]`}return`[`+`a`.repeat(t.length-2)+`]`};t=t.replace(e,n)}return t=t.replace(this.tokenizer.rules.inline.anyPunctuationOutsideCode,(e,t,n)=>n?`+`.repeat(e.length):t?t+e.slice(t.length,-t.length).replace(/`/g,`+`)+t:e),t=this.#n(t),t=this.options.hooks?.emStrongMask?.call({lexer:this},t)??t,t}infiniteLoopError(e){let t=`Infinite loop on byte: `+e;if(this.options.silent)console.error(t);else throw Error(t)}},vi=class{options;parser;constructor(e){this.options=e||kn}space(e){return``}code({text:e,lang:t,escaped:n}){let r=(t||``).match(B.notSpaceStart)?.[0],i=e?e.replace(B.endingNewline,``)+`
`:``;return r?`<pre><code class="language-`+V(r)+`">`+(n?i:V(i,!0))+`</code></pre>
`:`<pre><code>`+(n?i:V(i,!0))+`</code></pre>
`}blockquote({tokens:e}){return`<blockquote>
${this.parser.parse(e)}</blockquote>
`}html({text:e}){return e}def(e){return``}heading({tokens:e,depth:t}){return`<h${t}>${this.parser.parseInline(e)}</h${t}>
`}hr(e){return`<hr>
`}list(e){let t=e.ordered,n=e.start,r=``;for(let t=0;t<e.items.length;t++){let n=e.items[t];r+=this.listitem(n)}let i=t?`ol`:`ul`,a=t&&n!==1?` start="`+n+`"`:``;return`<`+i+a+`>
`+r+`</`+i+`>
`}listitem(e){return`<li>${this.parser.parse(e.tokens)}</li>
`}checkbox({checked:e}){return`<input `+(e?`checked="" `:``)+`disabled="" type="checkbox"> `}paragraph({tokens:e}){return`<p>${this.parser.parseInline(e)}</p>
`}table(e){let t=``,n=``;for(let t=0;t<e.header.length;t++)n+=this.tablecell(e.header[t]);t+=this.tablerow({text:n});let r=``;for(let t=0;t<e.rows.length;t++){let i=e.rows[t];n=``;for(let e=0;e<i.length;e++)n+=this.tablecell(i[e]);r+=this.tablerow({text:n})}return r&&=`<tbody>${r}</tbody>`,`<table>
<thead>
`+t+`</thead>
`+r+`</table>
`}tablerow({text:e}){return`<tr>
${e}</tr>
`}tablecell(e){let t=this.parser.parseInline(e.tokens),n=e.header?`th`:`td`;return(e.align?`<${n} align="${e.align}">`:`<${n}>`)+t+`</${n}>
`}strong({tokens:e}){return`<strong>${this.parser.parseInline(e)}</strong>`}em({tokens:e}){return`<em>${this.parser.parseInline(e)}</em>`}codespan({text:e}){return`<code>${V(e,!0)}</code>`}br(e){return`<br>`}del({tokens:e}){return`<del>${this.parser.parseInline(e)}</del>`}link({href:e,title:t,text:n,tokens:r,autolink:i}){let a=i?V(n,!0):this.parser.parseInline(r),o=ei(e);if(o===null)return a;e=V(o,i);let s=`<a href="`+e+`"`;return t&&(s+=` title="`+V(t)+`"`),s+=`>`+a+`</a>`,s}image({href:e,title:t,text:n,tokens:r}){r&&(n=this.parser.parseInline(r,this.parser.textRenderer));let i=ei(e);if(i===null)return V(n);e=i;let a=`<img src="${V(e)}" alt="${V(n)}"`;return t&&(a+=` title="${V(t)}"`),a+=`>`,a}text(e){return`tokens`in e&&e.tokens?this.parser.parseInline(e.tokens):`escaped`in e&&e.escaped?e.text:V(e.text)}},yi=class{parser;strong({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}em({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}codespan({text:e}){return e}del({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}html({text:e}){return e}text({text:e}){return e}link({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}image({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}br(){return`
`}checkbox({raw:e}){return e}},U=class e{options;renderer;textRenderer;constructor(e){this.options=e||kn,this.options.renderer=this.options.renderer||new vi,this.renderer=this.options.renderer,this.renderer.options=this.options,this.renderer.parser=this,this.textRenderer=new yi,this.textRenderer.parser=this}static parse(t,n){return new e(n).parse(t)}static parseInline(t,n){return new e(n).parseInline(t)}parse(e){this.renderer.parser=this;let t=``;for(let n=0;n<e.length;n++){let r=e[n];if(this.options.extensions?.renderers?.[r.type]){let e=r,n=this.options.extensions.renderers[e.type].call({parser:this},e);if(n!==!1||![`space`,`hr`,`heading`,`code`,`table`,`blockquote`,`list`,`checkbox`,`html`,`def`,`paragraph`,`text`].includes(e.type)){t+=n===!1?``:n??``;continue}}let i=r;switch(i.type){case`space`:t+=this.renderer.space(i);break;case`hr`:t+=this.renderer.hr(i);break;case`heading`:t+=this.renderer.heading(i);break;case`code`:t+=this.renderer.code(i);break;case`table`:t+=this.renderer.table(i);break;case`blockquote`:t+=this.renderer.blockquote(i);break;case`list`:t+=this.renderer.list(i);break;case`checkbox`:t+=this.renderer.checkbox(i);break;case`html`:t+=this.renderer.html(i);break;case`def`:t+=this.renderer.def(i);break;case`paragraph`:t+=this.renderer.paragraph(i);break;case`text`:t+=this.renderer.text(i);break;default:{let e=`Token with "`+i.type+`" type was not found.`;if(this.options.silent)return console.error(e),``;throw Error(e)}}}return t}parseInline(e,t=this.renderer){this.renderer.parser=this;let n=``;for(let r=0;r<e.length;r++){let i=e[r];if(this.options.extensions?.renderers?.[i.type]){let e=this.options.extensions.renderers[i.type].call({parser:this},i);if(e!==!1||![`escape`,`html`,`link`,`image`,`checkbox`,`strong`,`em`,`codespan`,`br`,`del`,`text`].includes(i.type)){n+=e===!1?``:e??``;continue}}let a=i;switch(a.type){case`escape`:n+=t.text(a);break;case`html`:n+=t.html(a);break;case`link`:n+=t.link(a);break;case`image`:n+=t.image(a);break;case`checkbox`:n+=t.checkbox(a);break;case`strong`:n+=t.strong(a);break;case`em`:n+=t.em(a);break;case`codespan`:n+=t.codespan(a);break;case`br`:n+=t.br(a);break;case`del`:n+=t.del(a);break;case`text`:n+=t.text(a);break;default:{let e=`Token with "`+a.type+`" type was not found.`;if(this.options.silent)return console.error(e),``;throw Error(e)}}}return n}},bi=class{options;block;constructor(e){this.options=e||kn}static passThroughHooks=new Set([`preprocess`,`postprocess`,`processAllTokens`,`emStrongMask`]);static passThroughHooksRespectAsync=new Set([`preprocess`,`postprocess`,`processAllTokens`]);preprocess(e){return e}postprocess(e){return e}processAllTokens(e){return e}emStrongMask(e){return e}provideLexer(e=this.block){return e?H.lex:H.lexInline}provideParser(e=this.block){return e?U.parse:U.parseInline}};function xi(e,t){if(Array.isArray(t))for(let n=0;n<t.length;n++)e.push(t[n]);else e.push(t)}var Si=class{defaults=On();options=this.setOptions;parse=this.parseMarkdown(!0);parseInline=this.parseMarkdown(!1);Parser=U;Renderer=vi;TextRenderer=yi;Lexer=H;Tokenizer=_i;Hooks=bi;constructor(...e){this.use(...e)}walkTokens(e,t){let n=[];for(let r of e)switch(xi(n,t.call(this,r)),r.type){case`table`:{let e=r;for(let r of e.header)xi(n,this.walkTokens(r.tokens,t));for(let r of e.rows)for(let e of r)xi(n,this.walkTokens(e.tokens,t));break}case`list`:{let e=r;xi(n,this.walkTokens(e.items,t));break}default:{let e=r;this.defaults.extensions?.childTokens?.[e.type]?this.defaults.extensions.childTokens[e.type].forEach(r=>{let i=e[r].flat(1/0);xi(n,this.walkTokens(i,t))}):e.tokens&&xi(n,this.walkTokens(e.tokens,t))}}return n}use(...e){let t=this.defaults.extensions||{renderers:Object.create(null),childTokens:Object.create(null)};return e.forEach(e=>{let n={...e};if(n.async=this.defaults.async||n.async||!1,e.extensions&&(e.extensions.forEach(e=>{if(!e.name)throw Error(`extension name required`);if(`renderer`in e){let n=t.renderers[e.name];n?t.renderers[e.name]=function(...t){let r=e.renderer.apply(this,t);return r===!1&&(r=n.apply(this,t)),r}:t.renderers[e.name]=e.renderer}if(`tokenizer`in e){if(!e.level||e.level!==`block`&&e.level!==`inline`)throw Error(`extension level must be 'block' or 'inline'`);let n=t[e.level];n?n.unshift(e.tokenizer):t[e.level]=[e.tokenizer],e.start&&(e.level===`block`?t.startBlock?t.startBlock.push(e.start):t.startBlock=[e.start]:e.level===`inline`&&(t.startInline?t.startInline.push(e.start):t.startInline=[e.start]))}`childTokens`in e&&e.childTokens&&(t.childTokens[e.name]=e.childTokens)}),n.extensions=t),e.renderer){let t=this.defaults.renderer||new vi(this.defaults);for(let n in e.renderer){if(!(n in t))throw Error(`renderer '${n}' does not exist`);if([`options`,`parser`].includes(n))continue;let r=n,i=e.renderer[r],a=t[r];t[r]=(...e)=>{let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n===!1?``:n??``}}n.renderer=t}if(e.tokenizer){let t=this.defaults.tokenizer||new _i(this.defaults);for(let n in e.tokenizer){if(!(n in t))throw Error(`tokenizer '${n}' does not exist`);if([`options`,`rules`,`lexer`].includes(n))continue;let r=n,i=e.tokenizer[r],a=t[r];t[r]=(...e)=>{let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n}}n.tokenizer=t}if(e.hooks){let t=this.defaults.hooks||new bi;for(let n in e.hooks){if(!(n in t))throw Error(`hook '${n}' does not exist`);if([`options`,`block`].includes(n))continue;let r=n,i=e.hooks[r],a=t[r];t[r]=bi.passThroughHooks.has(n)?e=>{if(t.options.async&&bi.passThroughHooksRespectAsync.has(n))return(async()=>{let n=await i.call(t,e);return a.call(t,n)})();let r=i.call(t,e);return a.call(t,r)}:(...e)=>{if(t.options.async)return(async()=>{let n=await i.apply(t,e);return n===!1&&(n=await a.apply(t,e)),n})();let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n}}n.hooks=t}if(e.walkTokens){let t=this.defaults.walkTokens,r=e.walkTokens;n.walkTokens=function(e){let n=[];return xi(n,r.call(this,e)),t&&xi(n,t.call(this,e)),n}}this.defaults={...this.defaults,...n}}),this}setOptions(e){return this.defaults={...this.defaults,...e},this}lexer(e,t){return H.lex(e,t??this.defaults)}parser(e,t){return U.parse(e,t??this.defaults)}parseMarkdown(e){return(t,n)=>{let r={...n},i={...this.defaults,...r},a=this.onError(!!i.silent,!!i.async);if(this.defaults.async===!0&&r.async===!1)return a(Error(`marked(): The async option was set to true by an extension. Remove async: false from the parse options object to return a Promise.`));if(typeof t>`u`||t===null)return a(Error(`marked(): input parameter is undefined or null`));if(typeof t!=`string`)return a(Error(`marked(): input parameter is of type `+Object.prototype.toString.call(t)+`, string expected`));if(i.hooks&&(i.hooks.options=i,i.hooks.block=e),i.async)return(async()=>{let n=i.hooks?await i.hooks.preprocess(t):t,r=await(i.hooks?await i.hooks.provideLexer(e):e?H.lex:H.lexInline)(n,i),a=i.hooks?await i.hooks.processAllTokens(r):r;i.walkTokens&&await Promise.all(this.walkTokens(a,i.walkTokens));let o=await(i.hooks?await i.hooks.provideParser(e):e?U.parse:U.parseInline)(a,i);return i.hooks?await i.hooks.postprocess(o):o})().catch(a);try{i.hooks&&(t=i.hooks.preprocess(t));let n=(i.hooks?i.hooks.provideLexer(e):e?H.lex:H.lexInline)(t,i);i.hooks&&(n=i.hooks.processAllTokens(n)),i.walkTokens&&this.walkTokens(n,i.walkTokens);let r=(i.hooks?i.hooks.provideParser(e):e?U.parse:U.parseInline)(n,i);return i.hooks&&(r=i.hooks.postprocess(r)),r}catch(e){return a(e)}}}onError(e,t){return n=>{if(n.message+=`
Please report this to https://github.com/markedjs/marked.`,e){let e=`<p>An error occurred:</p><pre>`+V(n.message+``,!0)+`</pre>`;return t?Promise.resolve(e):e}if(t)return Promise.reject(n);throw n}}},Ci=new Si;function W(e,t){return Ci.parse(e,t)}W.options=W.setOptions=function(e){return Ci.setOptions(e),W.defaults=Ci.defaults,An(W.defaults),W},W.getDefaults=On,W.defaults=kn;function wi(...e){return Ci.use(...e),W.defaults=Ci.defaults,An(W.defaults),W}W.use=wi,W.walkTokens=function(e,t){return Ci.walkTokens(e,t)},W.parseInline=Ci.parseInline,W.Parser=U,W.parser=U.parse,W.Renderer=vi,W.TextRenderer=yi,W.Lexer=H,W.lexer=H.lex,W.Tokenizer=_i,W.Hooks=bi,W.parse=W,W.options,W.setOptions,W.walkTokens,W.parseInline,U.parse,H.lex;var Ti=2e5,Ei=new Si({gfm:!0,renderer:{html:({text:e})=>Ai(e),image:({href:e,text:t})=>`<a href="${Ai(e)}">${Ai(t||e)}</a>`,checkbox:({checked:e})=>e?`☑ `:`☐ `,heading({tokens:e}){return`<p><strong>${this.parser.parseInline(e)}</strong></p>`}}});function Di(e){if(e.length>Ti)return[{key:e,html:()=>`<pre><code>${Ai(e)}</code></pre>`}];let t=Ei.lexer(e),n=Object.keys(t.links).length,r=new ki;return t.filter(({type:e})=>e!==`space`&&e!==`def`).map(e=>{let t=e.type===`heading`?r.next(e.depth):0;return{key:`${t} ${n} ${e.raw}`,html:()=>Oi(e,t)}})}function Oi(e,t){return e.type===`heading`?`<h${t}>${Ei.Parser.parseInline(e.tokens,Ei.defaults)}</h${t}>`:Ei.parser([e])}var ki=class{#e=[];next(e){return this.#e=this.#e.filter(t=>t<e),this.#e.push(e),Math.min(6,2+this.#e.length)}};function Ai(e){return e.replace(/[&<>"']/g,e=>`&#${e.charCodeAt(0)};`)}function ji(e,t){this.v=e,this.k=t}function Mi(e,t){(t==null||t>e.length)&&(t=e.length);for(var n=0,r=Array(t);n<t;n++)r[n]=e[n];return r}function Ni(e){if(Array.isArray(e))return e}function Pi(e,t){var n=e==null?null:typeof Symbol<`u`&&e[Symbol.iterator]||e[`@@iterator`];if(n!=null){var r,i,a,o,s=[],c=!0,l=!1;try{if(a=(n=n.call(e)).next,t===0){if(Object(n)!==n)return;c=!1}else for(;!(c=(r=a.call(n)).done)&&(s.push(r.value),s.length!==t);c=!0);}catch(e){l=!0,i=e}finally{try{if(!c&&n.return!=null&&(o=n.return(),Object(o)!==o))return}finally{if(l)throw i}}return s}}function Fi(){throw TypeError(`Invalid attempt to destructure non-iterable instance.
In order to be iterable, non-array objects must have a [Symbol.iterator]() method.`)}function Ii(e,t){return Ni(e)||Pi(e,t)||Li(e,t)||Fi()}function Li(e,t){if(e){if(typeof e==`string`)return Mi(e,t);var n={}.toString.call(e).slice(8,-1);return n===`Object`&&e.constructor&&(n=e.constructor.name),n===`Map`||n===`Set`?Array.from(e):n===`Arguments`||/^(?:Ui|I)nt(?:8|16|32)(?:Clamped)?Array$/.test(n)?Mi(e,t):void 0}}function Ri(e){var t,n;function r(t,n){try{var a=e[t](n),o=a.value,s=o instanceof ji;Promise.resolve(s?o.v:o).then(function(n){if(s){var c=t===`return`&&o.k?t:`next`;if(!o.k||n.done)return r(c,n);n=e[c](n).value}i(!!a.done,n)},function(e){r(`throw`,e)})}catch(e){i(2,e)}}function i(e,i){e===2?t.reject(i):t.resolve({value:i,done:e}),(t=t.next)?r(t.key,t.arg):n=null}this._invoke=function(e,i){return new Promise(function(a,o){var s={key:e,arg:i,resolve:a,reject:o,next:null};n?n=n.next=s:(t=n=s,r(e,i))})},typeof e.return!=`function`&&(this.return=void 0)}Ri.prototype[typeof Symbol==`function`&&Symbol.asyncIterator||`@@asyncIterator`]=function(){return this},Ri.prototype.next=function(e){return this._invoke(`next`,e)},Ri.prototype.throw=function(e){return this._invoke(`throw`,e)},Ri.prototype.return=function(e){return this._invoke(`return`,e)};var zi=Object.entries,Bi=Object.keys,Vi=Object.setPrototypeOf,Hi=Object.isFrozen,Ui=Object.getPrototypeOf,Wi=Object.getOwnPropertyDescriptor,G=Object.freeze,K=Object.seal,Gi=Object.create,Ki=typeof Reflect<`u`&&Reflect,qi=Ki.apply,Ji=Ki.construct;G||=function(e){return e},K||=function(e){return e},qi||=function(e,t){var n=[...arguments].slice(2);return e.apply(t,n)},Ji||=function(e){return new e(...[...arguments].slice(1))};var q=X(Array.prototype.forEach),Yi=X(Array.prototype.lastIndexOf),Xi=X(Array.prototype.pop),Zi=X(Array.prototype.push),Qi=X(Array.prototype.slice),$i=X(Array.prototype.splice),ea=Array.isArray,ta=xa(Set),na=X(Set.prototype.add),ra=X(Set.prototype.has),ia=X(Set.prototype.delete),aa=xa(Map),oa=X(Map.prototype.get),sa=X(Map.prototype.set),ca=X(String.prototype.toLowerCase),la=X(String.prototype.toString),ua=X(String.prototype.match),da=X(String.prototype.replace),fa=X(String.prototype.indexOf),pa=X(String.prototype.trim),ma=X(Number.prototype.toString),ha=X(Boolean.prototype.toString),ga=typeof BigInt>`u`?null:X(BigInt.prototype.toString),_a=typeof Symbol>`u`?null:X(Symbol.prototype.toString),J=X(Object.prototype.hasOwnProperty),va=X(Object.prototype.toString),ya=RegExp.prototype.test,Y=function(e,t){return e instanceof RegExp&&(e.lastIndex=0),qi(ya,e,[t])},ba=xa(TypeError);function X(e){return function(t){var n=[...arguments].slice(1);return qi(e,t,n)}}function xa(e){return function(){return Ji(e,[...arguments])}}function Z(e,t){let n=arguments.length>2&&arguments[2]!==void 0?arguments[2]:ca;if(Vi&&Vi(e,null),!ea(t))return e;let r=t.length;for(;r--;){let i=t[r];if(typeof i==`string`){let e=n(i);e!==i&&(Hi(t)||(t[r]=e),i=e)}e[i]=!0}return e}function Sa(e){for(let t=0;t<e.length;t++)J(e,t)||(e[t]=null);return e}function Ca(e){let t=Gi(null);for(let r of zi(e)){var n=Ii(r,2);let i=n[0],a=n[1];J(e,i)&&(t[i]=ea(a)?Sa(a):a&&typeof a==`object`&&a.constructor===Object?Ca(a):a)}return t}function wa(e){let t=Gi(null),n=Bi(e),r=n.length;for(;r--;)t[n[r]]=e[n[r]];return t}function Ta(e){switch(typeof e){case`string`:return e;case`number`:return ma(e);case`boolean`:return ha(e);case`bigint`:return ga?ga(e):`0`;case`symbol`:return _a?_a(e):`Symbol()`;case`undefined`:return va(e);case`function`:case`object`:{if(e===null)return va(e);let t=e,n=Q(t,`toString`);if(typeof n==`function`){let e=n(t);return typeof e==`string`?e:va(e)}return va(e)}default:return va(e)}}function Q(e,t){for(;e!==null;){let n=Wi(e,t);if(n){if(n.get)return X(n.get);if(typeof n.value==`function`)return X(n.value)}e=Ui(e)}function n(){return null}return n}function Ea(e,t){for(;e!==null;){let n=Wi(e,t);if(n)return n.get?X(n.get):null;e=Ui(e)}return null}function Da(e){if(!e)return!1;try{return Y(e,``),!0}catch{return!1}}var Oa=G(`a.abbr.acronym.address.area.article.aside.audio.b.bdi.bdo.big.blink.blockquote.body.br.button.canvas.caption.center.cite.code.col.colgroup.content.data.datalist.dd.decorator.del.details.dfn.dialog.dir.div.dl.dt.element.em.fieldset.figcaption.figure.font.footer.form.h1.h2.h3.h4.h5.h6.head.header.hgroup.hr.html.i.img.input.ins.kbd.label.legend.li.main.map.mark.marquee.menu.menuitem.meter.nav.nobr.ol.optgroup.option.output.p.picture.pre.progress.q.rp.rt.ruby.s.samp.search.section.select.shadow.slot.small.source.spacer.span.strike.strong.style.sub.summary.sup.table.tbody.td.template.textarea.tfoot.th.thead.time.tr.track.tt.u.ul.var.video.wbr`.split(`.`)),ka=G(`svg.a.altglyph.altglyphdef.altglyphitem.animatecolor.animatemotion.animatetransform.circle.clippath.defs.desc.ellipse.filter.font.g.glyph.glyphref.hkern.image.line.lineargradient.marker.mask.metadata.mpath.path.pattern.polygon.polyline.radialgradient.rect.stop.style.switch.symbol.text.textpath.title.tref.tspan.view.vkern`.split(`.`)),Aa=G([`feBlend`,`feColorMatrix`,`feComponentTransfer`,`feComposite`,`feConvolveMatrix`,`feDiffuseLighting`,`feDisplacementMap`,`feDistantLight`,`feDropShadow`,`feFlood`,`feFuncA`,`feFuncB`,`feFuncG`,`feFuncR`,`feGaussianBlur`,`feImage`,`feMerge`,`feMergeNode`,`feMorphology`,`feOffset`,`fePointLight`,`feSpecularLighting`,`feSpotLight`,`feTile`,`feTurbulence`]),ja=G([`animate`,`color-profile`,`cursor`,`discard`,`font-face`,`font-face-format`,`font-face-name`,`font-face-src`,`font-face-uri`,`foreignobject`,`hatch`,`hatchpath`,`mesh`,`meshgradient`,`meshpatch`,`meshrow`,`missing-glyph`,`script`,`set`,`solidcolor`,`unknown`,`use`]),Ma=G(`math.menclose.merror.mfenced.mfrac.mglyph.mi.mlabeledtr.mmultiscripts.mn.mo.mover.mpadded.mphantom.mroot.mrow.ms.mspace.msqrt.mstyle.msub.msup.msubsup.mtable.mtd.mtext.mtr.munder.munderover.mprescripts`.split(`.`)),Na=G([`maction`,`maligngroup`,`malignmark`,`mlongdiv`,`mscarries`,`mscarry`,`msgroup`,`mstack`,`msline`,`msrow`,`semantics`,`annotation`,`annotation-xml`,`mprescripts`,`none`]),Pa=G([`#text`]),Fa=G(`accept.action.align.alt.autocapitalize.autocomplete.autopictureinpicture.autoplay.background.bgcolor.border.capture.cellpadding.cellspacing.checked.cite.class.clear.color.cols.colspan.command.commandfor.controls.controlslist.coords.crossorigin.datetime.decoding.default.dir.disabled.disablepictureinpicture.disableremoteplayback.download.draggable.enctype.enterkeyhint.exportparts.face.for.headers.height.hidden.high.href.hreflang.id.inert.inputmode.integrity.ismap.kind.label.lang.list.loading.loop.low.max.maxlength.media.method.min.minlength.multiple.muted.name.nonce.noshade.novalidate.nowrap.open.optimum.part.pattern.placeholder.playsinline.popover.popovertarget.popovertargetaction.poster.preload.pubdate.radiogroup.readonly.rel.required.rev.reversed.role.rows.rowspan.spellcheck.scope.selected.shape.size.sizes.slot.span.srclang.start.src.srcset.step.style.summary.tabindex.title.translate.type.usemap.valign.value.width.wrap.xmlns`.split(`.`)),Ia=G(`accent-height.accumulate.additive.alignment-baseline.amplitude.ascent.attributename.attributetype.azimuth.basefrequency.baseline-shift.begin.bias.by.class.clip.clippathunits.clip-path.clip-rule.color.color-interpolation.color-interpolation-filters.color-profile.color-rendering.cx.cy.d.dx.dy.diffuseconstant.direction.display.divisor.dominant-baseline.dur.edgemode.elevation.end.exponent.fill.fill-opacity.fill-rule.filter.filterunits.flood-color.flood-opacity.font-family.font-size.font-size-adjust.font-stretch.font-style.font-variant.font-weight.fx.fy.g1.g2.glyph-name.glyphref.gradientunits.gradienttransform.height.href.id.image-rendering.in.in2.intercept.k.k1.k2.k3.k4.kerning.keypoints.keysplines.keytimes.lang.lengthadjust.letter-spacing.kernelmatrix.kernelunitlength.lighting-color.local.marker-end.marker-mid.marker-start.markerheight.markerunits.markerwidth.maskcontentunits.maskunits.max.mask.mask-type.media.method.mode.min.name.numoctaves.offset.operator.opacity.order.orient.orientation.origin.overflow.paint-order.path.pathlength.patterncontentunits.patterntransform.patternunits.pointer-events.points.preservealpha.preserveaspectratio.primitiveunits.r.rx.ry.radius.refx.refy.repeatcount.repeatdur.restart.result.rotate.scale.seed.shape-rendering.slope.specularconstant.specularexponent.spreadmethod.startoffset.stddeviation.stitchtiles.stop-color.stop-opacity.stroke-dasharray.stroke-dashoffset.stroke-linecap.stroke-linejoin.stroke-miterlimit.stroke-opacity.stroke.stroke-width.style.surfacescale.systemlanguage.tabindex.tablevalues.targetx.targety.transform.transform-origin.text-anchor.text-decoration.text-orientation.text-rendering.textlength.type.u1.u2.unicode.values.vector-effect.viewbox.visibility.version.vert-adv-y.vert-origin-x.vert-origin-y.width.word-spacing.wrap.writing-mode.xchannelselector.ychannelselector.x.x1.x2.xmlns.y.y1.y2.z.zoomandpan`.split(`.`)),La=G(`accent.accentunder.align.bevelled.close.columnalign.columnlines.columnspacing.columnspan.denomalign.depth.dir.display.displaystyle.encoding.fence.frame.height.href.id.largeop.length.linethickness.lquote.lspace.mathbackground.mathcolor.mathsize.mathvariant.maxsize.minsize.movablelimits.notation.numalign.open.rowalign.rowlines.rowspacing.rowspan.rspace.rquote.scriptlevel.scriptminsize.scriptsizemultiplier.selection.separator.separators.stretchy.subscriptshift.supscriptshift.symmetric.voffset.width.xmlns`.split(`.`)),Ra=G([`xlink:href`,`xml:id`,`xlink:title`,`xml:space`,`xmlns:xlink`]),za=K(/{{[\w\W]*|^[\w\W]*}}/g),Ba=K(/<%[\w\W]*|^[\w\W]*%>/g),Va=K(/\${[\w\W]*/g),Ha=K(/{{|}}|\${|<%|%>/),Ua=K(/[^\t\n\f\r ]/),Wa=K(/\u0000/g),Ga=K(/^data-[\-\w.\u00B7-\uFFFF]+$/),Ka=K(/^aria-[\-\w]+$/),qa=K(/^(?:(?:(?:f|ht)tps?|mailto|tel|callto|sms|cid|xmpp|matrix):|[^a-z]|[a-z+.\-]+(?:[^a-z+.\-:]|$))/i),Ja=K(/^(?:\w+script|data):/i),Ya=K(/[\u0000-\u0020\u00A0\u1680\u180E\u2000-\u2029\u205F\u3000]/g),Xa=K(/^html$/i),Za=K(/^[a-z][.\w]*(-[.\w]+)+$/i),Qa=K(/<[/\w!]/g),$a=K(/<[/\w]/g),eo=K(/<[/\w]|^-?>|--!?>|<!-$/g),to=K(/<\/no(script|embed|frames)/i),no=K(/\/>/i),ro=K(/((--!?|])>)|<\/(style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)/i),io=K(/^[\r\n\t ]+/),$={element:1,text:3,processingInstruction:7,comment:8,document:9,documentFragment:11},ao=G(Z({},[`style`,`script`,`xmp`,`iframe`,`noembed`,`noframes`,`plaintext`,`noscript`])),oo=G(Z({},[`textarea`,`title`])),so=G(Z({},[`area`,`base`,`basefont`,`bgsound`,`br`,`col`,`embed`,`frame`,`hr`,`img`,`input`,`keygen`,`link`,`meta`,`param`,`source`,`track`,`wbr`])),co=function(){return typeof window>`u`?null:window},lo=function(e,t){if(typeof e!=`object`||typeof e.createPolicy!=`function`)return null;let n=null,r=`data-tt-policy-suffix`;t&&t.hasAttribute(r)&&(n=t.getAttribute(r));let i=`dompurify`+(n?`#`+n:``);try{return e.createPolicy(i,{createHTML(e){return e},createScriptURL(e){return e}})}catch{return console.warn(`TrustedTypes policy `+i+` could not be created.`),null}},uo=function(){return{afterSanitizeAttributes:[],afterSanitizeElements:[],afterSanitizeShadowDOM:[],beforeSanitizeAttributes:[],beforeSanitizeElements:[],beforeSanitizeShadowDOM:[],uponSanitizeAttribute:[],uponSanitizeElement:[],uponSanitizeShadowNode:[]}},fo=function(e,t,n,r){return J(e,t)&&ea(e[t])?Z(r.base?wa(r.base):{},e[t],r.transform):n},po=function(e,t,n){let r=J(e,t)?e[t]:void 0;return r&&typeof r==`object`?Ca(r):n};function mo(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:co(),t=e=>mo(e);if(t.version=`3.5.0`,t.removed=[],!e||!e.document||e.document.nodeType!==$.document||!e.Element)return t.isSupported=!1,t;let n=e.document,r=n,i=r.currentScript,a=e.HTMLTemplateElement,o=e.Node,s=e.Element,c=e.NodeFilter,l=e.DOMParser,u=e.trustedTypes,d=s.prototype,f=Q(d,`cloneNode`),p=Q(d,`remove`),m=Q(d,`removeChild`),h=Q(d,`removeAttributeNode`),ee=Q(d,`nextSibling`),te=Q(d,`childNodes`),ne=Q(d,`parentNode`),re=Q(d,`shadowRoot`),ie=Q(d,`attributes`),ae=o&&o.prototype?Q(o.prototype,`nodeType`):null,oe=o&&o.prototype?Q(o.prototype,`nodeName`):null,se=o&&o.prototype?Q(o.prototype,`ownerDocument`):null,g=function(e){return ae?ae(e):e.nodeType},ce=function(e){return oe?oe(e):e.nodeName},le=Ea(d,`namespaceURI`),ue=function(e){return le?le(e):e.namespaceURI},de=function(e){return g(e)===$.element?ie(e):null};if(typeof a==`function`){let e=n.createElement(`template`);e.content&&e.content.ownerDocument&&(n=e.content.ownerDocument)}let _,fe=``,pe,me=!1,he=0,ge=function(){if(he>0)throw ba(`A configured TRUSTED_TYPES_POLICY callback (createHTML or createScriptURL) must not call DOMPurify.sanitize, as that causes infinite recursion. Do not pass a policy whose callbacks wrap DOMPurify as TRUSTED_TYPES_POLICY; see the "DOMPurify and Trusted Types" section of the README.`)},_e=function(e){ge(),he++;try{return _.createHTML(e)}finally{he--}},ve=function(e){return _&&Ke?_e(e):e},ye=function(e){ge(),he++;try{return _.createScriptURL(e)}finally{he--}},be=function(){return me||=(pe=lo(u,i),!0),pe},xe=n,Se=xe.implementation,Ce=xe.createNodeIterator,we=xe.createDocumentFragment,Te=xe.getElementsByTagName,Ee=r.importNode,v=uo();t.isSupported=typeof zi==`function`&&typeof ne==`function`&&Se&&Se.createHTMLDocument!==void 0;let y=za,b=Ba,De=Va,x=Ga,Oe=Ka,ke=Ja,Ae=Ya,je=Za,Me=qa,S=null,Ne=Z({},[...Oa,...ka,...Aa,...Ma,...Pa]),C=null,Pe=Z({},[...Fa,...Ia,...La,...Ra]),w=null,Fe=null,Ie=null,Le=Object.seal(Gi(null,{tagCheck:{writable:!0,configurable:!1,enumerable:!0,value:null},attributeCheck:{writable:!0,configurable:!1,enumerable:!0,value:null}})),Re=!0,ze=!0,Be=!1,Ve=!0,T=!1,He=!0,E=!1,Ue=!1,We=null,D=null,O=!1,Ge=!1,k=!1,Ke=!1,qe=!0,Je=!1,Ye=`user-content-`,Xe=!0,Ze=!1,Qe=null,$e=null,et=!1,tt=null,nt=Z({},`annotation-xml.audio.colgroup.desc.foreignobject.head.iframe.math.mi.mn.mo.ms.mtext.noembed.noframes.noscript.plaintext.script.selectedcontent.style.svg.template.thead.title.video.xmp`.split(`.`)),rt=null,it=Z({},[`audio`,`video`,`img`,`source`,`image`,`track`]),at=null,A=Z({},[`alt`,`class`,`for`,`id`,`label`,`name`,`pattern`,`placeholder`,`role`,`summary`,`title`,`value`,`style`,`xmlns`]),ot=`http://www.w3.org/1998/Math/MathML`,st=`http://www.w3.org/2000/svg`,j=`http://www.w3.org/1999/xhtml`,ct=j,lt=!1,ut=null,dt=Z({},[ot,st,j],la),ft=G(Z({},[`mi`,`mo`,`mn`,`ms`,`mtext`])),pt=null,mt=G(Z({},[`annotation-xml`])),ht=null,gt=G(Gi(null)),_t=Z({},[`title`,`style`,`font`,`a`,`script`]),vt=null,yt=[`application/xhtml+xml`,`text/html`],M=null,bt=null,xt=null,St=n.createElement(`form`),Ct=function(e){return e instanceof RegExp||e instanceof Function},wt=function(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:{};e&&typeof e==`object`||(e={}),e=Ca(e),vt=yt.indexOf(e.PARSER_MEDIA_TYPE)===-1?`text/html`:e.PARSER_MEDIA_TYPE,M=vt===`application/xhtml+xml`?la:ca,S=fo(e,`ALLOWED_TAGS`,Ne,{transform:M}),C=fo(e,`ALLOWED_ATTR`,Pe,{transform:M}),ut=fo(e,`ALLOWED_NAMESPACES`,dt,{transform:la}),at=fo(e,`ADD_URI_SAFE_ATTR`,A,{transform:M,base:A}),rt=fo(e,`ADD_DATA_URI_TAGS`,it,{transform:M,base:it}),tt=fo(e,`FORBID_CONTENTS`,nt,{transform:M}),Fe=fo(e,`FORBID_TAGS`,Gi(null),{transform:M}),Ie=fo(e,`FORBID_ATTR`,Gi(null),{transform:M}),et=J(e,`USE_PROFILES`)?e.USE_PROFILES&&typeof e.USE_PROFILES==`object`?Ca(e.USE_PROFILES):e.USE_PROFILES:!1,Re=e.ALLOW_ARIA_ATTR!==!1,ze=e.ALLOW_DATA_ATTR!==!1,Be=e.ALLOW_UNKNOWN_PROTOCOLS||!1,Ve=e.ALLOW_SELF_CLOSE_IN_ATTR!==!1,T=e.SAFE_FOR_TEMPLATES||!1,He=e.SAFE_FOR_XML!==!1,E=e.WHOLE_DOCUMENT||!1,Ge=e.RETURN_DOM||!1,k=e.RETURN_DOM_FRAGMENT||!1,Ke=e.RETURN_TRUSTED_TYPE||!1,O=e.FORCE_BODY||!1,qe=e.SANITIZE_DOM!==!1,Je=e.SANITIZE_NAMED_PROPS||!1,Xe=e.KEEP_CONTENT!==!1,Ze=e.IN_PLACE||!1,Me=Da(e.ALLOWED_URI_REGEXP)?e.ALLOWED_URI_REGEXP:qa,ct=typeof e.NAMESPACE==`string`?e.NAMESPACE:j,pt=po(e,`MATHML_TEXT_INTEGRATION_POINTS`,ft),ht=po(e,`HTML_INTEGRATION_POINTS`,mt);let t=po(e,`CUSTOM_ELEMENT_HANDLING`,gt);if(w=Gi(null),J(t,`tagNameCheck`)&&Ct(t.tagNameCheck)&&(w.tagNameCheck=t.tagNameCheck),J(t,`attributeNameCheck`)&&Ct(t.attributeNameCheck)&&(w.attributeNameCheck=t.attributeNameCheck),J(t,`allowCustomizedBuiltInElements`)&&typeof t.allowCustomizedBuiltInElements==`boolean`&&(w.allowCustomizedBuiltInElements=t.allowCustomizedBuiltInElements),K(w),T&&(ze=!1),k&&(Ge=!0),et&&((J(e,`ALLOWED_TAGS`)||J(e,`ALLOWED_ATTR`))&&typeof console<`u`&&typeof console.warn==`function`&&console.warn(`DOMPurify: USE_PROFILES overrides ALLOWED_TAGS and ALLOWED_ATTR. Do not use these options together.`),S=Z({},Pa),C=Gi(null),et.html===!0&&(Z(S,Oa),Z(C,Fa)),et.svg===!0&&(Z(S,ka),Z(C,Ia),Z(C,Ra)),et.svgFilters===!0&&(Z(S,Aa),Z(C,Ia),Z(C,Ra)),et.mathMl===!0&&(Z(S,Ma),Z(C,La),Z(C,Ra))),Le.tagCheck=null,Le.attributeCheck=null,J(e,`ADD_TAGS`)&&(typeof e.ADD_TAGS==`function`?Le.tagCheck=e.ADD_TAGS:ea(e.ADD_TAGS)&&(S===Ne&&(S=wa(S)),Z(S,e.ADD_TAGS,M))),J(e,`ADD_ATTR`)&&(typeof e.ADD_ATTR==`function`?Le.attributeCheck=e.ADD_ATTR:ea(e.ADD_ATTR)&&(C===Pe&&(C=wa(C)),Z(C,e.ADD_ATTR,M))),J(e,`ADD_FORBID_CONTENTS`)&&ea(e.ADD_FORBID_CONTENTS)&&(tt===nt&&(tt=wa(tt)),Z(tt,e.ADD_FORBID_CONTENTS,M)),Xe&&(S[`#text`]=!0),E&&Z(S,[`html`,`head`,`body`]),S.table&&(S.tbody=!0,delete Fe.tbody),e.TRUSTED_TYPES_POLICY){if(typeof e.TRUSTED_TYPES_POLICY.createHTML!=`function`)throw ba(`TRUSTED_TYPES_POLICY configuration option must provide a "createHTML" hook.`);if(typeof e.TRUSTED_TYPES_POLICY.createScriptURL!=`function`)throw ba(`TRUSTED_TYPES_POLICY configuration option must provide a "createScriptURL" hook.`);let t=_;_=e.TRUSTED_TYPES_POLICY;try{fe=_e(``)}catch(e){throw _=t,e}}else e.TRUSTED_TYPES_POLICY===null?(_=void 0,fe=``):(_===void 0&&(_=be()),_&&typeof fe==`string`&&(fe=_e(``)));bt=G(e)},Tt=Z({},[...ka,...Aa,...ja]),Et=Z({},[...Ma,...Na]),Dt=function(e,t,n){return t===j?e===`svg`:t===ot?e===`svg`&&(n===`annotation-xml`||pt[n]):!!Tt[e]},Ot=function(e,t,n){return t===j?e===`math`:t===st?e===`math`&&ht[n]:!!Et[e]},kt=function(e,t,n){return t===st&&!ht[n]||t===ot&&!pt[n]?!1:!Et[e]&&(_t[e]||!Tt[e])},At=function(e){let t=ue(e),n=ca(ce(e)),r=ne(e),i=ct,a=`template`;return r&&g(r)===$.element&&(i=ue(r),a=ca(ce(r))),ut[t]?t===st?Dt(n,i,a):t===ot?Ot(n,i,a):t===j?kt(n,i,a):vt===`application/xhtml+xml`:!1},jt=function(e){Zi(t.removed,{element:e}),P(e);try{ne(e).removeChild(e)}catch{if(p(e),!ne(e))throw ba(`a node selected for removal could not be detached from its tree and cannot be safely returned; refusing to sanitize in place`)}},Mt=function(e,t,n){try{h(e,t)}catch{try{e.removeAttribute(n)}catch{}}},Nt=function(e){Lt(e);let t=te(e);t&&q(Qi(t),t=>{try{m(e,t)}catch{}}),g(e)===$.element&&Ft(e,!1)},Pt=function(e,n,r){if(!r)try{r=n.getAttributeNode(e)}catch{r=null}if(Zi(t.removed,{attribute:r||null,from:n}),r)Mt(n,r,e);else try{n.removeAttribute(e)}catch{}if(e===`is`){if(Ge||k)try{jt(n)}catch{}else try{n.setAttribute(e,``)}catch{}}},Ft=function(e,t){let n=ie(e);if(n)for(let r=n.length-1;r>=0;--r){let i=n[r],a=i&&i.name;typeof a==`string`&&!(t&&C[M(a)])&&Mt(e,i,a)}},It=function(e,t){let n=arguments.length>2&&arguments[2]!==void 0&&arguments[2],r=[e];for(;r.length>0;){let e=r.pop();if(t(e)===!1)continue;if(n&&g(e)===$.element){let t=re(e);Qt(t)&&r.push(t)}let i=te(e);if(i)for(let e=i.length-1;e>=0;--e)r.push(i[e])}},Lt=function(e){It(e,e=>{g(e)===$.element&&Ft(e,!0)})},Rt=function(e){let t=[];return It(e,e=>{t.push(e)},!0),t},zt=function(e,t){let n=ta();q(Rt(e),e=>{g(e)===$.element&&na(n,e)}),q(t,e=>{g(e)===$.element&&!ra(n,e)&&Ft(e,!0)})},Bt=function(e,n){let r=!1;return q(t.removed,t=>{t.element&&(r||=t.element===e,Lt(t.element))}),zt(e,n),r},Vt=function(e,t){Nt(e),Bt(e,t)},Ht=function(e,t){let n=Qe,r=null,i=()=>(r||(r=ta(),q(t,e=>{na(r,e)})),r);for(let t=0;;t++){let r=Rt(e),a=[e],o=!1;if(q(r,e=>{g(e)===$.documentFragment?Zi(a,e):!o&&!ra(n,e)&&(o=ra(i(),e))}),!o)return;if(t>=8)throw ba(`the tree kept changing during in-place sanitization; refusing to return it`);q(a,(t,n)=>{N(t,n>0,e,i())})}},N=function(e,t,n,r){let i=Gt(e),a;for(;a=i.nextNode();)ra(r,a)&&!ra(Qe,a)&&(t&&R(v.uponSanitizeShadowNode,a,null),hn(a,n))},Ut=function(e){if(!Qe)return;na(Qe,e);let t=oa($e,e);if(t!==void 0){if(t>=8)throw ba(`the tree kept changing during in-place sanitization; refusing to return it`);sa($e,e,t+1)}},P=function(e){Qe&&(ia(Qe,e),oa($e,e)===void 0&&sa($e,e,0))},F=function(e,t){return He?e===`patchsrc`||e===`for`&&t!==`label`&&t!==`output`:!1},I=function(e){He&&It(e,e=>{let t=g(e);if(t===$.processingInstruction||t===$.comment&&Y($a,e.data)){try{p(e)}catch{}return!1}if(t===$.element){let t=e,n=M(ce(e));try{t.hasAttribute&&t.hasAttribute(`patchsrc`)&&t.removeAttribute(`patchsrc`),t.hasAttribute&&t.hasAttribute(`for`)&&F(`for`,n)&&t.removeAttribute(`for`)}catch{}}return!0})},Wt=function(e){let t=null,r=null;if(O)e=`<remove></remove>`+e;else{let t=ua(e,io);r=t&&t[0]}vt===`application/xhtml+xml`&&ct===j&&(e=`<html xmlns="http://www.w3.org/1999/xhtml"><head></head><body>`+e+`</body></html>`);let i=_?_e(e):e;if(ct===j)try{t=new l().parseFromString(i,vt)}catch{}if(!t||!t.documentElement){t=Se.createDocument(ct,`template`,null);try{t.documentElement.innerHTML=lt?fe:i}catch{}}let a=t.body||t.documentElement;return e&&r&&a.insertBefore(n.createTextNode(r),a.childNodes[0]||null),ct===j?Te.call(t,E?`html`:`body`)[0]:E?t.documentElement:a},Gt=function(e){let t=arguments.length>1&&arguments[1]!==void 0&&arguments[1],n=se?se(e):e.ownerDocument;return Ce.call(n||e,e,(t?0:c.SHOW_ELEMENT)|c.SHOW_COMMENT|c.SHOW_TEXT|c.SHOW_PROCESSING_INSTRUCTION|c.SHOW_CDATA_SECTION,null)},Kt=function(e){return e=da(e,y,` `),e=da(e,b,` `),e=da(e,De,` `),e},L=function(e){Yt(e);let t=e.querySelectorAll?.call(e,`template`);t&&q(t,e=>{Qt(e.content)&&L(e.content)})},qt=Z({},[`caption`,`colgroup`,`col`,`thead`,`tbody`,`tfoot`,`tr`,`td`,`th`,`style`,`script`,`template`]),Jt=function(e){if(vt===`application/xhtml+xml`)return;let t=e.querySelectorAll?.call(e,`table,tbody,thead,tfoot,tr,colgroup`);t&&t.length!==0&&q(t,t=>{q(Qi(te(t)),n=>{let r=g(n);if(!(r===$.text?Y(Ua,n.data):r===$.element&&!qt[ca(ce(n))]))return;let i=t;for(;i&&ca(ce(i))!==`table`;)i=i===e?null:ne(i);let a=i&&i!==e?ne(i):null;if(a)try{a.insertBefore(n,i)}catch{}})})},Yt=function(e){Jt(e),e.normalize();let t=Gt(e,!0),n=null,r=t.nextNode();for(;r;){let e=r.data;if(Y(Wa,e)&&(e=da(e,Wa,``),r.data=e),Y(Ha,e)&&(e=Kt(e),r.data=e),e&&g(r)===$.text){if(n){let t=n.data;Y(Ha,t[t.length-1]+e[0])&&(n.data=Kt(t+e[0]))}n=r}r=t.nextNode()}},Xt=function(e){let t=oe?oe(e):null;return typeof t!=`string`||M(t)!==`form`?!1:typeof e.nodeName!=`string`||typeof e.textContent!=`string`||typeof e.removeChild!=`function`||e.attributes!==ie(e)||typeof e.removeAttribute!=`function`||typeof e.removeAttributeNode!=`function`||typeof e.getAttributeNode!=`function`||typeof e.setAttribute!=`function`||typeof e.namespaceURI!=`string`||typeof e.insertBefore!=`function`||typeof e.hasChildNodes!=`function`||e.nodeType!==ae(e)||e.childNodes!==te(e)},Zt=function(e){if(!ae||typeof e!=`object`||!e)return null;try{let t=ae(e);return typeof t==`number`?t:null}catch{return null}},Qt=function(e){return Zt(e)===$.documentFragment},$t=function(e){return Zt(e)!==null};function R(e,n,r){e.length!==0&&q(e,e=>{e.call(t,n,r,bt)})}let en=function(e,t){let n=!!so[t],r=!!ao[t];return!n&&!r&&!oo[t]||ue(e)!==j?!1:n?e.hasChildNodes():$t(e.firstElementChild)?!0:r&&typeof e.textContent==`string`&&Y(Qa,e.textContent)},tn=function(e,t,n){return!!(He&&n===$.element&&e.hasChildNodes()&&!$t(e.firstElementChild)&&Y(Qa,e.textContent)&&Y(Qa,e.innerHTML)||He&&n===$.element&&en(e,t)||n===$.processingInstruction||He&&n===$.comment&&Y(eo,e.data))},nn=function(e,t){return e instanceof RegExp?Y(e,t):e instanceof Function&&!!e(t,...[...arguments].slice(2))},rn=function(e,t,n){if(!Fe[t]&&un(t)&&nn(w.tagNameCheck,t))return!1;if(Xe&&!tt[t]&&!tt[ca(t)]){let t=ne(e),r=te(e);if(r&&t){let i=r.length;for(let a=i-1;a>=0;--a){let i=e===n?f(r[a],!0):r[a];t.insertBefore(i,ee(e))}}}return jt(e),!0},an=function(e,t,n,r){return e.length===0?t:t===n||t===r?wa(t):t},on=function(e,t){return e===t||ne(e)!==null?!1:(Ze&&Lt(e),P(e),!0)},sn=function(e,n){if(Ut(e),R(v.beforeSanitizeElements,e,null),on(e,n))return!0;if(Xt(e))return jt(e),!0;let r=M(ce(e)),i=g(e);if(S=an(v.uponSanitizeElement,S,Ne,We),R(v.uponSanitizeElement,e,{tagName:r,allowedTags:S}),on(e,n))return!0;if(tn(e,r,i))return jt(e),!0;if((Fe[r]||!(Le.tagCheck instanceof Function&&Le.tagCheck(r))&&!S[r])&&rn(e,r,n))return!0;if(i===$.element&&!At(e)||(r===`noscript`||r===`noembed`||r===`noframes`)&&Y(to,e.innerHTML))return jt(e),!0;if(T&&i===$.text){let n=e.textContent,r=Kt(n);n!==r&&(Zi(t.removed,{element:e.cloneNode()}),e.textContent=r)}return R(v.afterSanitizeElements,e,null),on(e,n)},cn=function(e,t,r){if(Ie[t]||F(t,e)||qe&&(t===`id`||t===`name`)&&(r in n||r in St))return!1;let i=C[t]||Le.attributeCheck instanceof Function&&Le.attributeCheck(t,e);if(ze&&Y(x,t)||Re&&Y(Oe,t))return!0;if(!i)return un(e)&&nn(w.tagNameCheck,e)&&nn(w.attributeNameCheck,t,e)||t===`is`&&w.allowCustomizedBuiltInElements&&nn(w.tagNameCheck,r);if(at[t])return!0;let a=da(r,Ae,``);return Y(Me,a)||(t===`src`||t===`xlink:href`||t===`href`)&&e!==`script`&&fa(r,`data:`)===0&&rt[e]||Be&&!Y(ke,a)?!0:!r},ln=Z({},[`annotation-xml`,`color-profile`,`font-face`,`font-face-format`,`font-face-name`,`font-face-src`,`font-face-uri`,`missing-glyph`]),un=function(e){return!ln[ca(e)]&&Y(je,e)},dn=function(e,t,n,r){if(_&&typeof u==`object`&&typeof u.getAttributeType==`function`&&!n)switch(u.getAttributeType(e,t)){case`TrustedHTML`:return _e(r);case`TrustedScriptURL`:return ye(r)}return r},fn=function(e,t,n,r){try{return n?e.setAttributeNS(n,t,r):e.setAttribute(t,r),!Xt(e)||(jt(e),!1)}catch{return Pt(t,e),!1}},pn=function(e,t){return He&&Y(ro,t)?!0:ca(e)===`attributename`&&fa(t,`href`)!==-1},mn=function(e,n){if(R(v.beforeSanitizeAttributes,e,null),on(e,n))return;let r=de(e);if(!r||Xt(e))return;C=an(v.uponSanitizeAttribute,C,Pe,D);let i={attrName:``,attrValue:``,keepAttr:!0,allowedAttributes:C,forceKeepAttr:void 0},a=r.length,o=M(ce(e));for(;a--;){let n=r[a];if(!n)continue;let s=n.name,c=n.namespaceURI,l=n.value,u=M(s),d=l,f=s===`value`?d:pa(d),p=!1;i.attrName=u,i.attrValue=f,i.keepAttr=!0,i.forceKeepAttr=void 0,R(v.uponSanitizeAttribute,e,i),f=i.attrValue,Je&&(u===`id`||u===`name`)&&fa(f,Ye)!==0&&(Pt(s,e,n),f=Ye+f,p=!0),pn(s,f)?Pt(s,e,n):i.forceKeepAttr||(i.keepAttr?!Ve&&Y(no,f)?Pt(s,e,n):(T&&(f=Kt(f)),cn(o,u,f)?(f=dn(o,u,c,f),f!==d&&fn(e,s,c,f)&&p&&Xi(t.removed)):Pt(s,e,n)):Pt(s,e,n))}R(v.afterSanitizeAttributes,e,null),on(e,n)},hn=function(e,t){sn(e,t),mn(e,t),Qt(e.content)&&gn(e.content)},gn=function(e){let t=null,n=Gt(e);for(R(v.beforeSanitizeShadowDOM,e,null);t=n.nextNode();)if(R(v.uponSanitizeShadowNode,t,null),hn(t,e),g(t)===$.element){let e=re(t);Qt(e)&&(_n(e),gn(e))}T&&Yt(e),R(v.afterSanitizeShadowDOM,e,null)},_n=function(e){let t=[{node:e,shadow:null}];for(;t.length>0;){let e=t.pop();if(e.shadow){gn(e.shadow);continue}let n=e.node,r=g(n)===$.element,i=te(n);if(i)for(let e=i.length-1;e>=0;--e)t.push({node:i[e],shadow:null});if(r){let e=oe?oe(n):null;if(typeof e==`string`&&M(e)===`template`){let e=n.content;Qt(e)&&t.push({node:e,shadow:null})}}if(r){let e=re(n);Qt(e)&&t.push({node:null,shadow:e},{node:e,shadow:null})}}},vn=function(e){let n=arguments.length>1&&arguments[1]!==void 0?arguments[1]:{},i=null,a=null,o=null,s=null;if(lt=!e,lt&&(e=`<!-->`),typeof e!=`string`&&!$t(e)&&(e=Ta(e),typeof e!=`string`))throw ba(`dirty is not a string, aborting`);if(!t.isSupported)return e;Ue?(S=We,C=D):wt(n),xt=bt,t.removed=[];let c=Ze&&typeof e!=`string`&&$t(e),l=[],u=Qe,d=$e;if(c){I(e),l=Rt(e);let t=ce(e);if(typeof t==`string`){let n=M(t);if(!S[n]||Fe[n])throw Vt(e,l),ba(`root node is forbidden and cannot be sanitized in-place`)}if(Xt(e))throw Vt(e,l),ba(`root node is clobbered and cannot be sanitized in-place`);Qe=ta(),$e=aa()}else if($t(e))i=Wt(`<!---->`),a=i.ownerDocument.importNode(e,!0),a.nodeType===$.element&&a.nodeName===`BODY`||a.nodeName===`HTML`?i=a:i.appendChild(a),_n(i);else{if(!Ge&&!T&&!E&&e.indexOf(`<`)===-1)return ve(e);if(i=Wt(e),!i)return Ge?null:Ke?fe:``}i&&O&&jt(i.firstChild);let f=c?e:i;try{c&&_n(e);let t=Gt(f);for(;o=t.nextNode();)hn(o,f);c&&Ht(e,l)}catch(t){throw c&&Vt(e,l),t}finally{Qe=u,$e=d}if(c){if(Bt(e,l))throw ba(`a node selected for removal could not be safely returned; refusing to sanitize in place`);return T&&L(e),e}if(Ge){if(T&&L(i),k)for(s=we.call(i.ownerDocument);i.firstChild;)s.appendChild(i.firstChild);else s=i;return(C.shadowroot||C.shadowrootmode)&&(s=Ee.call(r,s,!0)),s}T&&Yt(i);let p=E?i.outerHTML:i.innerHTML;return E&&S[`!doctype`]&&i.ownerDocument&&i.ownerDocument.doctype&&i.ownerDocument.doctype.name&&Y(Xa,i.ownerDocument.doctype.name)&&(p=`<!DOCTYPE `+i.ownerDocument.doctype.name+`>
`+p),ve(p)};return t.sanitize=function(e){let n=arguments.length>1&&arguments[1]!==void 0?arguments[1]:{},r=xt,i=S,a=C,o=t.removed;xt=null;try{return vn(e,n)}finally{xt=r,r&&(Ue||wt(r),S=i,C=a,t.removed=o)}},t.setConfig=function(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:{};wt(e),Ue=!0,We=S,D=C},t.clearConfig=function(){bt=null,Ue=!1,We=null,D=null,_=pe,fe=``},t.isValidAttribute=function(e,t,n){bt||wt({});let r=M(e),i=M(t);return typeof n==`string`&&(pn(t,n)||!Ve&&Y(no,n))?!1:cn(r,i,n)},t.addHook=function(e,t){typeof t==`function`&&J(v,e)&&Zi(v[e],t)},t.removeHook=function(e,t){if(J(v,e)){if(t!==void 0){let n=Yi(v[e],t);return n===-1?void 0:$i(v[e],n,1)[0]}return Xi(v[e])}},t.removeHooks=function(e){J(v,e)&&(v[e]=[])},t.removeAllHooks=function(){v=uo()},t}var ho=mo(),go={ALLOWED_TAGS:[`a`,`blockquote`,`br`,`code`,`del`,`em`,`h3`,`h4`,`h5`,`h6`,`hr`,`li`,`ol`,`p`,`pre`,`span`,`strong`,`table`,`tbody`,`td`,`th`,`thead`,`tr`,`ul`],ALLOWED_ATTR:[`href`,`class`,`start`,`align`],ALLOWED_URI_REGEXP:/^(?:https?|mailto):/i,ADD_URI_SAFE_ATTR:[`start`,`align`],ALLOW_DATA_ATTR:!1,ALLOW_ARIA_ATTR:!1,RETURN_DOM_FRAGMENT:!0},_o=/^(?:language-[\w+#.-]+|hljs-[\w-]+(?: [\w-]+_*)*)$/;function vo(e){let t=ho(e);return t.addHook(`uponSanitizeAttribute`,(e,t)=>{t.attrName===`class`&&!_o.test(t.attrValue)&&(t.keepAttr=!1)}),t.addHook(`afterSanitizeAttributes`,e=>{e.tagName===`A`&&(e.setAttribute(`target`,`_blank`),e.setAttribute(`rel`,`noopener noreferrer nofollow`))}),e=>t.sanitize(e,go)}var yo=o`
  .block {
    line-height: 1.65;
    overflow-wrap: anywhere;
  }
  .block + .block {
    margin-top: 1rem;
  }
  .block:has(> h3, > h4, > h5, > h6) {
    margin-top: 1.75rem;
  }
  .block:first-child {
    margin-top: 0;
  }
  .block:has(> h3, > h4, > h5, > h6) + .block {
    margin-top: 0.5rem;
  }
  h3,
  h4,
  h5,
  h6 {
    margin: 0;
    line-height: 1.3;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  h3 {
    font-size: 1.25rem;
    font-weight: 600;
  }
  h4 {
    font-size: 1.0625rem;
    font-weight: 600;
  }
  h5,
  h6 {
    font-size: 1rem;
    font-weight: 600;
  }
  strong {
    font-weight: 600;
  }
  ul,
  ol {
    margin: 0;
    padding-inline-start: 1.5rem;
  }
  ul {
    list-style: disc;
  }
  li {
    padding-left: 0.25rem;
  }
  li + li {
    margin-top: 0.375rem;
  }
  li > ul,
  li > ol,
  li > p + p {
    margin-top: 0.375rem;
  }
  li::marker {
    color: var(--ink-faint);
  }
  a {
    color: var(--accent);
    text-decoration-thickness: 1px;
    text-underline-offset: 0.2em;
  }
  a:hover {
    text-decoration-thickness: 2px;
  }
  blockquote {
    margin: 0;
    padding-inline-start: 1rem;
    border-inline-start: 2px solid var(--line-strong);
    color: var(--ink-soft);
  }
  blockquote > * + * {
    margin-top: 0.5rem;
  }
  hr {
    margin: 0.5rem 0;
    border: 0;
    border-top: 1px solid var(--line);
  }
  code {
    font: 0.875em/1.5 var(--mono);
    font-variant-ligatures: none;
  }
  :not(pre) > code {
    padding: 0.125em 0.35em;
    border-radius: 4px;
    background: var(--hover);
  }
  figure {
    margin: 0.25rem 0;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--paper);
    overflow: hidden;
  }
  figcaption {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.375rem 0.5rem 0.375rem 1rem;
    color: var(--ink-faint);
    font-size: 0.8125rem;
  }
  figcaption button {
    min-height: 1.75rem;
    padding: 0 0.625rem;
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--ink-soft);
    cursor: pointer;
  }
  figcaption button:hover {
    background: var(--hover);
    color: var(--ink);
  }
  pre {
    margin: 0;
    padding: 0.25rem 1rem 1rem;
    overflow-x: auto;
    border-radius: 0 0 11px 11px;
    tab-size: 4;
  }
  pre:focus-visible,
  .table:focus-visible {
    outline-offset: -2px;
  }
  pre code {
    font-size: 0.8438rem;
    line-height: 1.6;
  }
  .table {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: 0.9375rem;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 0.5rem 1.25rem 0.5rem 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
    overflow-wrap: normal;
  }
  th {
    font-weight: 600;
    border-bottom-color: var(--line-strong);
  }
  [align='right'] {
    text-align: right;
  }
  [align='center'] {
    text-align: center;
  }

  .hljs-comment,
  .hljs-quote,
  .hljs-meta {
    color: var(--code-comment);
  }
  .hljs-keyword,
  .hljs-selector-tag,
  .hljs-literal,
  .hljs-deletion {
    color: var(--code-keyword);
  }
  .hljs-string,
  .hljs-regexp,
  .hljs-addition {
    color: var(--code-string);
  }
  .hljs-number,
  .hljs-symbol,
  .hljs-attr,
  .hljs-attribute {
    color: var(--code-number);
  }
  .hljs-title,
  .hljs-name,
  .hljs-type,
  .hljs-section,
  .hljs-built_in {
    color: var(--code-title);
  }

  /* What is being written ends in a soft point. */
  :host([streaming]) .block:last-child > p:last-child::after,
  :host([streaming]) .block:last-child > :is(ul, ol):last-child > li:last-child::after,
  :host([streaming]) .block:last-child > :is(h3, h4, h5, h6)::after {
    content: '';
    display: inline-block;
    width: 0.5em;
    height: 0.5em;
    margin-left: 0.3em;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.6s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.25;
      transform: scale(0.75);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    :host([streaming]) * {
      animation: none !important;
    }
  }
`,bo=(function(){let e=typeof document<`u`&&document.createElement(`link`).relList;return e&&e.supports&&e.supports(`modulepreload`)?`modulepreload`:`preload`})(),xo=function(e){return`/`+e},So={},Co=function(e){return e.pathname.endsWith(`.css`)},wo=function(e,t,n){if(t in e)return e[t];let r=n();if(!r){e[t]=void 0;return}let i=r.then(()=>{e[t]=void 0},n=>{throw e[t]=void 0,n});return e[t]=i,i},To=function(e,t,n){let r=Promise.resolve();if(t&&t.length>0){let e,i=document.querySelector(`meta[property=csp-nonce]`),a=i?.nonce||i?.getAttribute(`nonce`);function o(e){return Promise.all(e.map(e=>Promise.resolve(e).then(e=>({status:`fulfilled`,value:e}),e=>({status:`rejected`,reason:e}))))}function s(e){return import.meta.resolve?new URL(import.meta.resolve(e)):new URL(e,import.meta.url)}r=o(t.map(t=>{t=xo(t,n);let r=s(t),i=Co(r);return wo(So,r.href,()=>{if(e===void 0){e={all:new Set,styles:new Set};let t=document.getElementsByTagName(`link`);for(let n=t.length-1;n>=0;n--){let r=t[n];e.all.add(r.href),r.rel===`stylesheet`&&e.styles.add(r.href)}}if((i?e.styles:e.all).has(r.href))return;let t=document.createElement(`link`);if(t.rel=i?`stylesheet`:bo,i||(t.as=`script`),t.crossOrigin=``,t.href=r.href,a&&t.setAttribute(`nonce`,a),document.head.appendChild(t),i)return new Promise((e,n)=>{let i=a=>{t.removeEventListener(`load`,i),t.removeEventListener(`error`,i),a.type===`error`?n(Error(`Unable to preload CSS for ${r}`)):e(a)};t.addEventListener(`load`,i),t.addEventListener(`error`,i)})})}).filter(e=>e!==void 0))}function i(e){let t=new Event(`vite:preloadError`,{cancelable:!0});if(t.payload=e,window.dispatchEvent(t),!t.defaultPrevented)throw e}return r.then(t=>{for(let e of t||[])e.status===`rejected`&&i(e.reason);return e().catch(i)})},Eo=vo(window),Do,Oo=class extends T{constructor(...e){super(...e),this.text=``,this.streaming=!1,this.#e=[]}static{this.styles=[N,yo,o`:host { display: block; }`]}#e;update(e){super.update(e);let t=Di(this.text),n=t.findIndex(({key:e},t)=>this.#e[t]?.key!==e),r=n<0?t.length:n;for(let{element:e}of this.#e.splice(r))e.remove();for(let{key:e,html:n}of t.slice(r)){let t=document.createElement(`div`);t.className=`block`,t.dir=`auto`,t.append(Eo(n()));for(let e of t.querySelectorAll(`table`))Ao(e);for(let e of t.querySelectorAll(`pre > code`))this.#t(e);this.renderRoot.append(t),this.#e.push({key:e,element:t})}}spoken(e){return(this.streaming?this.#e.slice(e,-1):this.#e.slice(e)).map(({element:e})=>{let t=e.querySelector(`figcaption span`)?.textContent;return t?`Code, ${t}.`:e.textContent??``})}#t(e){let t=/language-(\S+)/.exec(e.className)?.[1]??``,n=(e.textContent??``).replace(/\n$/,``),r=document.createElement(`figure`),i=document.createElement(`figcaption`),a=document.createElement(`span`);a.textContent=t||`text`;let o=document.createElement(`button`);o.type=`button`;let s=e=>{o.textContent=e,o.setAttribute(`aria-label`,`${e} code, ${a.textContent}`)};s(`Copy`),o.addEventListener(`click`,()=>{Dn(n).then(e=>{s(e?`Copied`:`Not copied`),setTimeout(()=>s(`Copy`),2e3)})}),i.append(a,o);let c=e.parentElement;c.replaceWith(r),r.append(i,c),c.tabIndex=0,c.setAttribute(`role`,`region`),c.setAttribute(`aria-label`,`Code, ${a.textContent}`),t&&ko(e,n,t)}};I([D()],Oo.prototype,`text`,void 0),I([D({type:Boolean,reflect:!0})],Oo.prototype,`streaming`,void 0),Oo=I([E(`sotto-markdown`)],Oo);async function ko(e,t,n){Do||({highlight:Do}=await To(()=>import(`./highlight-D2VRXf_C.js`),[]));let r=Do(t,n);r!==null&&e.replaceChildren(Eo(r))}function Ao(e){let t=document.createElement(`div`);t.className=`table`,t.tabIndex=0,t.setAttribute(`role`,`region`),t.setAttribute(`aria-label`,`Table`),e.replaceWith(t),t.append(e)}var jo=o`
  :host {
    display: block;
  }
  article {
    display: flex;
    flex-direction: column;
    margin-bottom: 1.25rem;
  }
  /* The answer is near. */
  article.user {
    align-items: flex-end;
    margin-bottom: 0.25rem;
  }
  .said {
    max-width: min(100%, 36rem);
    padding: 0.625rem 1rem;
    border-radius: 18px 18px 6px 18px;
    background: var(--accent-soft);
    line-height: 1.55;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  :host(.sought) .said,
  :host(.sought) sotto-markdown {
    animation: sought 1.6s ease-out;
  }
  @keyframes sought {
    from {
      background: var(--mark);
    }
  }
  .speaker {
    margin-bottom: 0.25rem;
    color: var(--ink-faint);
    font-size: 0.8125rem;
    font-weight: 500;
  }
  .system,
  .tool {
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  .waiting {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    min-height: 1.65rem;
    color: var(--ink-faint);
  }
  .waiting i {
    width: 0.5rem;
    height: 0.5rem;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.6s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.25;
      transform: scale(0.75);
    }
  }
  .ending {
    margin-top: 0.75rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.5rem;
    min-height: 2rem;
    margin: 0.25rem -0.4375rem 0;
    color: var(--ink-faint);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .actions,
  .versions {
    display: flex;
    align-items: center;
  }
  .versions .small {
    width: 1.75rem;
  }
  .usage {
    padding-left: 0.25rem;
  }
  .actions .icon-button,
  .usage {
    opacity: 0;
    transition: opacity var(--quick), background var(--quick), color var(--quick);
  }
  article:is(:hover, :focus-within) :is(.actions .icon-button, .usage),
  .actions [aria-pressed='true'],
  :host([last]) .assistant :is(.actions .icon-button, .usage) {
    opacity: 1;
  }
  @media (hover: none) {
    .actions .icon-button,
    .usage {
      opacity: 1;
    }
  }
  .edit {
    display: grid;
    gap: 0.5rem;
    width: 100%;
    margin-bottom: 1.5rem;
  }
  .edit .field {
    max-height: 60vh;
    padding: 0.75rem 1rem;
    border-radius: 12px;
    line-height: 1.55;
  }
  .edit div {
    display: flex;
    justify-content: flex-end;
    gap: 0.5rem;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
    }
  }
`,Mo={user:`You`,assistant:`Answer`,system:`Instructions`,tool:`Tool`};function No(e,t){return e.message!==t?.message||e.siblings.length!==t.siblings.length}var Po=class extends T{constructor(...e){super(...e),this.loading=!1,this.editing=!1,this.copied=!1}static{this.styles=[N,jo]}render(){let{message:e}=this.step;return y`
      <article class=${e.role} aria-labelledby="speaker">
        <h2 id="speaker" class=${e.role===`user`||e.role===`assistant`?`hidden-text`:`speaker`}>
          ${Mo[e.role]}
        </h2>
        ${this.editing?this.#o(e):this.#e(e)}
        ${this.editing||!this.#t(e)?x:this.#n(e)}
      </article>
    `}spoken(e){return this.markdown?.spoken(e)??[]}#e({id:e,role:t,text:n,state:r}){if(t===`user`)return y`<div class="said" dir="auto">${n}</div>`;let i=r===`streaming`;return i&&n===``?y`<p class="waiting"><i></i><span>${this.loading?`The model is being made ready`:`Thinking`}</span></p>`:y`
      <sotto-markdown .text=${n} .streaming=${i}></sotto-markdown>
      ${r===`stopped`?y`<p class="ending">Stopped</p>`:x}
      ${r===`interrupted`?y`<p class="ending">${this.app.open.problem(e)??`Interrupted: the server went away. What it had written is kept.`}</p>`:x}
    `}#t(e){return e.state!==`streaming`||this.step.siblings.length>1||this.app.open.taken(e)!==null}#n(e){let{role:t,favourite:n,state:r}=e,{siblings:i}=this.step;return y`
      <div class="foot">
        ${i.length>1?this.#i(e):x}
        ${r===`streaming`?x:y`
              <div class="actions" role="group" aria-label=${t===`user`?`Question`:`Answer`}>
                ${this.#r(this.copied?`Copied`:`Copy`,this.copied?F.check:F.copy,()=>this.#f())}
                ${t===`user`?this.#r(`Edit`,F.pencil,()=>this.#s()):x}
                ${t===`assistant`?this.#r(`Answer again`,F.again,()=>this.#u()):x}
                <button
                  class="icon-button small"
                  aria-label="Favourite"
                  title="Favourite"
                  aria-pressed=${String(n)}
                  @click=${()=>this.#p(this.app.open.setFavourite(e,!n),`Not changed`)}
                >
                  ${n?F.starred:F.star}
                </button>
                ${this.#r(`Delete`,F.trash,()=>void this.app.removeMessage(e))}
              </div>
            `}
        ${this.#a(e)}
      </div>
    `}#r(e,t,n){return y`<button class="icon-button small" aria-label=${e} title=${e} @click=${n}>${t}</button>`}#i(e){let{siblings:t}=this.step,n=t.indexOf(e.id),r=n=>this.app.open.show(t[n]??e.id);return y`
      <div class="versions" role="group" aria-label=${`Version ${n+1} of ${t.length}`}>
        <button class="icon-button small" aria-label="Version before" ?disabled=${n===0} @click=${()=>r(n-1)}>
          ${F.left}
        </button>
        <span aria-hidden="true">${n+1}/${t.length}</span>
        <button
          class="icon-button small"
          aria-label="Version after"
          ?disabled=${n===t.length-1}
          @click=${()=>r(n+1)}
        >
          ${F.right}
        </button>
      </div>
    `}#a(e){let t=this.app.open.taken(e);if(!t||t.seconds<=0)return x;let{usage:n,model:r}=e,{prompt_tokens:i,completion_tokens:a,seconds:o}=t,s=n?`, of which it knew ${n.cached_tokens},`:``;return y`<span class="usage" title=${`${r??`The model`} read ${i} tokens${s} and wrote ${a} in ${o.toFixed(1)} s`}>${(a/o).toFixed(0)} tokens/s</span>`}#o(e){return y`
      <form
        class="edit"
        @submit=${t=>{t.preventDefault(),this.#l(e)}}
        @keydown=${this.#c}
      >
        <textarea class="field" aria-label="Question" dir="auto" rows="3" .value=${e.text}></textarea>
        <div>
          <button type="button" class="button" @click=${()=>this.editing=!1}>Cancel</button>
          <button class="button primary">Send</button>
        </div>
      </form>
    `}#s(){this.editing=!0,this.updateComplete.then(()=>{let{editor:e}=this;e&&(e.style.height=`${e.scrollHeight+2}px`,e.focus(),e.setSelectionRange(e.value.length,e.value.length))})}#c(e){e.isComposing||(e.key===`Escape`?(e.stopPropagation(),this.editing=!1):e.key===`Enter`&&!e.shiftKey&&e.target===this.editor&&(e.preventDefault(),this.#l(this.step.message)))}#l(e){let t=this.editor?.value.trim()??``;t!==``&&this.#p(this.app.open.ask(t,e.parent).then(()=>{this.editing=!1,this.#d()}),`Not sent`)}#u(){this.#p(this.app.open.answerAgain(this.step.message).then(()=>this.#d()),`Not answered`)}#d(){this.dispatchEvent(new CustomEvent(`answering`,{bubbles:!0,composed:!0}))}async#f(){this.copied=await Dn(this.step.message.text),this.copied||this.app.notices.problem(`Not copied: the browser does not allow it`),setTimeout(()=>this.copied=!1,2e3)}#p(e,t){this.app.notices.attempt(()=>e,t)}};I([D({attribute:!1})],Po.prototype,`app`,void 0),I([D({attribute:!1,hasChanged:No})],Po.prototype,`step`,void 0),I([D({type:Boolean})],Po.prototype,`loading`,void 0),I([O()],Po.prototype,`editing`,void 0),I([O()],Po.prototype,`copied`,void 0),I([k(`textarea`)],Po.prototype,`editor`,void 0),I([k(`sotto-markdown`)],Po.prototype,`markdown`,void 0),Po=I([E(`sotto-message`)],Po);var Fo=[`Why is the sky blue?`,`Write a polite note that declines an invitation`,`What should I see in Kyoto in two days?`,`Write a Python function that counts the words of a text`],Io=class extends T{static{this.styles=[N,o`
      :host {
        display: grid;
        align-content: center;
        min-height: 100%;
        max-width: calc(var(--measure) + 3rem);
        margin: 0 auto;
        padding: 2rem 1.5rem;
      }
      .term {
        color: var(--accent);
        font: italic 400 clamp(2.5rem, 7vw, 3.5rem)/1.15 var(--voice);
        letter-spacing: -0.015em;
      }
      .meaning {
        max-width: 30rem;
        margin-top: 0.75rem;
        color: var(--ink-soft);
        font-size: 1.0625rem;
        text-wrap: pretty;
      }
      ul {
        margin-top: 2.5rem;
        border-top: 1px solid var(--line);
      }
      li {
        border-bottom: 1px solid var(--line);
      }
      li button {
        width: 100%;
        padding: 0.8125rem 0.25rem;
        border: 0;
        background: none;
        color: var(--ink-soft);
        text-align: left;
        cursor: pointer;
        transition: color var(--quick), padding var(--quick);
      }
      li button:hover {
        padding-left: 0.625rem;
        color: var(--ink);
      }
      /* Where there is room, the list has it beside it. */
      sotto-model-status {
        display: none;
        margin-top: 1.5rem;
      }
      @media (max-width: 52rem) {
        sotto-model-status {
          display: block;
        }
      }
    `]}render(){return y`
      <h2 class="term">sotto voce</h2>
      <p class="meaning">In an undertone, so as not to be overheard. Ask anything.</p>
      <ul aria-label="Suggestions">
        ${Fo.map(e=>y`<li><button @click=${()=>this.#e(e)}>${e}</button></li>`)}
      </ul>
      <sotto-model-status .app=${this.app}></sotto-model-status>
    `}#e(e){this.dispatchEvent(new CustomEvent(`suggested`,{detail:e,bubbles:!0,composed:!0}))}};I([D({attribute:!1})],Io.prototype,`app`,void 0),Io=I([E(`sotto-welcome`)],Io);var Lo=64,Ro=class extends T{static{this.styles=[N,o`
      :host {
        position: relative;
        display: flex;
        min-height: 0;
      }
      .scroller {
        position: relative;
        flex: 1;
        min-width: 0;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        scrollbar-color: var(--line-strong) transparent;
      }
      .messages {
        max-width: calc(var(--measure) + 3rem);
        margin: 0 auto;
        padding: 1rem 1.5rem 2rem;
      }
      .problem {
        display: grid;
        place-items: center;
        align-content: center;
        gap: 1rem;
        height: 100%;
        padding: 2rem;
        color: var(--ink-soft);
        text-align: center;
      }
      .latest {
        position: absolute;
        z-index: 1;
        bottom: 1rem;
        left: 50%;
        transform: translateX(-50%);
        border: 1px solid var(--line);
        border-radius: 50%;
        background: var(--raised);
        box-shadow: var(--shadow);
      }
      @media (max-width: 52rem) {
        .messages {
          padding: 0.5rem 1rem 1.5rem;
        }
      }
    `]}#e;#t;constructor(){super(),this.atEnd=!0,this.#e=null,this.#t=null,new A(this,()=>[this.app.open,this.app.connection])}render(){return y`
      <div class="scroller" @scroll=${this.#i}>${this.#n()}</div>
      ${this.atEnd?x:y`<button class="icon-button latest" aria-label="Go to the end" title="Go to the end" @click=${this.#r}>
            ${F.down}
          </button>`}
      <div class="announcer hidden-text" aria-live="polite" aria-relevant="additions"></div>
    `}#n(){let{open:e,connection:t}=this.app;if(e.state===`missing`)return y`<div class="problem">
        <p>There is no such conversation here. It may have been deleted, or have expired.</p>
        <button class="button" @click=${()=>this.app.startNew()}>New conversation</button>
      </div>`;if(e.state===`failed`)return y`<div class="problem">
        <p>The conversation cannot be shown now.</p>
        <button class="button" @click=${()=>void e.reload()}>Try again</button>
      </div>`;if(e.state===`loading`)return x;let{steps:n}=e;if(n.length===0)return y`<sotto-welcome .app=${this.app}></sotto-welcome>`;let r=t.status?.model.state===`loading`;return y`<div class="messages">
      ${vn(n,({message:e})=>e.id,(e,t)=>y`<sotto-message
          data-id=${e.message.id}
          .app=${this.app}
          .step=${e}
          .loading=${r}
          ?last=${t===n.length-1}
        ></sotto-message>`)}
    </div>`}async updated(){let{open:e}=this.app,t=e.id!==this.#e&&e.steps.length>0;t&&(this.#e=e.id);let n=this.atEnd||t;await this.#a(),e.sought!==null&&e.state===`ready`?this.#o(e.sought):n&&(this.scroller.scrollTop=this.scroller.scrollHeight),this.#s()}toEnd(){this.atEnd=!0}#r(){this.scroller.scrollTo({top:this.scroller.scrollHeight,behavior:`smooth`})}#i(){let{scrollTop:e,scrollHeight:t,clientHeight:n}=this.scroller;this.atEnd=t-e-n<Lo}async#a(){for(let e of this.renderRoot.querySelectorAll(`sotto-message`))await e.updateComplete,await e.renderRoot.querySelector(`sotto-markdown`)?.updateComplete}#o(e){this.app.open.sought=null;let t=this.#c(e);t&&(t.scrollIntoView({block:`center`}),t.classList.add(`sought`))}#s(){let{streaming:e}=this.app.open;if(e&&this.#t?.id!==e.id&&(this.#t={id:e.id,blocks:0},this.announcer.replaceChildren()),!this.#t)return;let t=this.#c(this.#t.id)?.spoken(this.#t.blocks)??[];for(let e of t){let t=document.createElement(`p`);t.textContent=e,this.announcer.append(t)}this.#t.blocks+=t.length,e||(this.#t=null)}#c(e){return this.renderRoot.querySelector(`sotto-message[data-id='${e}']`)}};I([D({attribute:!1})],Ro.prototype,`app`,void 0),I([k(`.scroller`)],Ro.prototype,`scroller`,void 0),I([k(`.announcer`)],Ro.prototype,`announcer`,void 0),I([O()],Ro.prototype,`atEnd`,void 0),Ro=I([E(`sotto-thread`)],Ro);var zo=8e3,Bo=class extends T{static{this.styles=[N,o`
      :host {
        position: fixed;
        z-index: 3;
        top: calc(4rem + env(safe-area-inset-top));
        right: 1rem;
        display: grid;
        gap: 0.5rem;
        justify-items: end;
        max-width: calc(100vw - 2rem);
        pointer-events: none;
      }
      .toast {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        max-width: 28rem;
        padding: 0.375rem 0.375rem 0.375rem 1rem;
        border-radius: 12px;
        background: var(--ink);
        color: var(--surface);
        box-shadow: var(--shadow);
        font-size: 0.9375rem;
        pointer-events: auto;
        animation: rise var(--calm);
      }
      .toast.problem {
        border: 1px solid var(--danger);
        background: var(--danger-soft);
        color: var(--ink);
      }
      span {
        flex: 1;
        padding: 0.25rem 0;
        overflow-wrap: anywhere;
      }
      button {
        min-height: 2.25rem;
        border: 0;
        border-radius: 8px;
        background: none;
        color: inherit;
        font-weight: 600;
        cursor: pointer;
      }
      button:hover {
        background: color-mix(in srgb, currentColor 14%, transparent);
      }
      .action {
        padding: 0 0.75rem;
      }
      :focus-visible {
        outline-color: currentColor;
      }
      .close {
        width: 2.25rem;
        padding: 0;
        display: grid;
        place-items: center;
      }
      .close svg {
        width: 1rem;
        height: 1rem;
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(-8px);
        }
      }
      @media (max-width: 52rem) {
        :host {
          left: 1rem;
          justify-items: stretch;
        }
      }
    `]}#e=new Map;constructor(){super(),new A(this,()=>[this.app.notices])}render(){return y`<div role="status" aria-live="polite">
      ${vn(this.app.notices.current,({id:e})=>e,e=>y`
          <div
            class="toast ${e.tone}"
            @pointerenter=${()=>this.#n(e)}
            @pointerleave=${()=>this.#r(e)}
            @focusin=${()=>this.#n(e)}
            @focusout=${()=>this.#r(e)}
          >
            <span>${e.text}</span>
            ${e.action?y`<button class="action" @click=${()=>this.#t(e)}>${e.action.label}</button>`:x}
            <button class="close" aria-label="Dismiss" @click=${()=>this.app.notices.dismiss(e.id)}>
              ${F.close}
            </button>
          </div>
        `)}
    </div>`}updated(){for(let e of this.app.notices.current)this.#e.has(e.id)||this.#r(e)}#t(e){e.action?.run(),this.app.notices.dismiss(e.id)}#n({id:e}){clearTimeout(this.#e.get(e))}#r({id:e}){clearTimeout(this.#e.get(e)),this.#e.set(e,setTimeout(()=>this.app.notices.dismiss(e),zo))}};I([D({attribute:!1})],Bo.prototype,`app`,void 0),Bo=I([E(`sotto-toasts`)],Bo);var Vo=class extends L{static{this.styles=[...L.styles,o`
      dialog {
        width: min(28rem, calc(100vw - 2rem));
      }
      label {
        display: grid;
        gap: 0.375rem;
        margin-top: 1rem;
        font-weight: 500;
      }
      .problem {
        margin-top: 0.75rem;
        color: var(--danger);
      }
    `]}constructor(){super(),new A(this,()=>[this.app.connection])}render(){let{tokenWasRefused:e,state:t}=this.app.connection;return this.frame(`This server wants its token`,t===`locked`?y`
        <p>It was set with <code>--token</code> when the server was started. This browser will remember it.</p>
        <label>Token<input class="field" name="token" type="password" autocomplete="current-password" required /></label>
        ${e?y`<p class="problem" role="alert">The token that was sent is not the server’s.</p>`:x}
      `:x,y`<button class="button primary">Open</button>`,!1)}updated(){let{state:e}=this.app.connection;e===`locked`&&this.reveal(),e===`online`&&this.close()}submit(e){return this.app.connection.unlock(String(e.get(`token`)).trim()),Promise.resolve()}};I([D({attribute:!1})],Vo.prototype,`app`,void 0),Vo=I([E(`sotto-unlock`)],Vo);var Ho=.25,Uo=class extends T{constructor(...e){super(...e),this.phase=`idle`,this.level=()=>0,this.#e=matchMedia(`(prefers-reduced-motion: reduce)`),this.#t=0,this.#n=0}static{this.styles=o`
    :host {
      --level: 0;
      position: relative;
      display: block;
      width: 100%;
      aspect-ratio: 1;
    }
    span {
      position: absolute;
      inset: 22%;
      border-radius: 50%;
      background: var(--accent);
      transition: opacity 400ms, background-color 400ms;
    }
    .far {
      opacity: 0.1;
      transform: scale(calc(1.15 + var(--level) * 0.75));
    }
    .near {
      opacity: 0.18;
      transform: scale(calc(1.05 + var(--level) * 0.4));
    }
    .core {
      transform: scale(calc(0.86 + var(--level) * 0.16));
    }
    /* Listening, it is a ring with room in it. */
    .listening .core {
      background: var(--surface);
      box-shadow: inset 0 0 0 3px var(--accent);
    }
    .idle span {
      background: var(--line-strong);
    }
    .idle .core {
      background: var(--surface);
      box-shadow: inset 0 0 0 3px var(--line-strong);
    }
    @media (prefers-reduced-motion: no-preference) {
      .thinking span {
        animation: breathe 2.4s ease-in-out infinite alternate;
      }
      .thinking .near {
        animation-delay: -0.4s;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      span {
        transition: none;
      }
      .thinking .core {
        opacity: 0.55;
      }
    }
    @keyframes breathe {
      from {
        transform: scale(0.84);
      }
      to {
        transform: scale(1.06);
      }
    }
  `}#e;#t;#n;connectedCallback(){super.connectedCallback();let e=()=>{this.#n=requestAnimationFrame(e),this.#t+=((this.#e.matches?0:this.level())-this.#t)*Ho;let t=this.#t.toFixed(2);this.style.getPropertyValue(`--level`)!==t&&this.style.setProperty(`--level`,t)};e()}disconnectedCallback(){super.disconnectedCallback(),cancelAnimationFrame(this.#n)}render(){return y`<div class=${this.phase}>
      <span class="far"></span><span class="near"></span><span class="core"></span>
    </div>`}};I([D()],Uo.prototype,`phase`,void 0),I([D({attribute:!1})],Uo.prototype,`level`,void 0),Uo=I([E(`sotto-orb`)],Uo);var Wo=o`
  :host {
    display: contents;
  }
  dialog {
    width: 100vw;
    max-width: none;
    height: 100dvh;
    max-height: none;
    margin: 0;
    padding: 0;
    border: 0;
    background: var(--surface);
    color: var(--ink);
    overflow: hidden;
  }
  dialog[open] {
    display: grid;
    grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
    animation: appear var(--calm);
  }
  dialog:focus {
    outline: 0;
  }
  header {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    min-height: 3.5rem;
    padding: calc(0.5rem + env(safe-area-inset-top)) 0.75rem 0.5rem 1.5rem;
  }
  h2 {
    flex: 1;
    margin: 0;
    font-size: 1rem;
    font-weight: 600;
    letter-spacing: -0.005em;
  }
  .stage {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 0.75rem;
    min-height: 0;
    padding: 0 1.5rem;
  }
  .orb {
    flex: 0 1 auto;
    width: min(19rem, 60vw, 38dvh);
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    cursor: pointer;
  }
  .orb[disabled] {
    cursor: default;
  }
  .phase {
    min-height: 1.5rem;
    color: var(--ink-soft);
    font-weight: 500;
  }
  .lines {
    flex: 1;
    width: 100%;
    max-width: 40rem;
    min-height: 0;
    padding: 1rem 0.25rem;
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .lines p {
    margin-bottom: 0.875rem;
    font-size: 1.25rem;
    line-height: 1.5;
    text-align: center;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  .person {
    color: var(--ink-soft);
  }
  .problem {
    max-width: 36rem;
    padding: 0.5rem 1rem;
    border-radius: var(--radius);
    background: var(--note-soft);
    color: var(--note);
    text-align: center;
  }
  .manner {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.75rem 1.5rem;
    width: 100%;
    max-width: 32rem;
  }
  .manner label {
    display: grid;
    gap: 0.25rem;
    min-width: 11rem;
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  input[type='range'] {
    height: 2.5rem;
    accent-color: var(--accent);
  }
  footer {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 0.75rem;
    padding: 0.75rem 1.5rem calc(1.5rem + env(safe-area-inset-bottom));
  }
  .microphone {
    display: grid;
    place-items: center;
    width: 4.5rem;
    height: 4.5rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
    color: var(--accent-ink);
    cursor: pointer;
    transition: background var(--quick);
  }
  .microphone svg {
    width: 1.75rem;
    height: 1.75rem;
  }
  .microphone[aria-pressed='true'] {
    background: var(--hover);
    color: var(--ink);
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  .microphone[aria-disabled] {
    background: var(--hover);
    color: var(--ink-faint);
    cursor: default;
  }
  .write {
    display: flex;
    gap: 0.5rem;
    width: 100%;
    max-width: 32rem;
  }
  .hint {
    color: var(--ink-faint);
    font-size: 0.8125rem;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
`,Go={listening:`Listening`,thinking:`Thinking`,speaking:`Speaking`},Ko=class extends T{static{this.styles=[N,Wo]}#e;constructor(){super(),this.hasCaptions=st(`captions`)!==`off`,this.showsManner=!1,this.#e=null,new A(this,()=>[this.app,this.app.talk,this.app.connection])}show(){this.showsManner=!1,this.dialog.showModal(),this.app.talk.start(),this.updateComplete.then(()=>this.main?.focus())}render(){let{talk:e}=this.app;return y`
      <dialog aria-labelledby="title" @close=${()=>void e.end()}>
        <header>
          <h2 id="title">Voice</h2>
          <button
            class="icon-button"
            aria-label="Captions"
            title="Captions"
            aria-pressed=${String(this.hasCaptions)}
            @click=${this.#o}
          >
            ${F.captions}
          </button>
          <button
            class="icon-button"
            aria-label="Voice and speed"
            title="Voice and speed"
            aria-expanded=${String(this.showsManner)}
            @click=${()=>this.showsManner=!this.showsManner}
          >
            ${F.settings}
          </button>
          <button class="icon-button" aria-label="End the conversation" title="End (Esc)" @click=${()=>this.dialog.close()}>
            ${F.close}
          </button>
        </header>
        ${e.state===`closed`?x:[this.#t(),this.#a()]}
      </dialog>
    `}#t(){let{talk:e}=this.app,{isAnswering:t,isSpeaking:n,lines:r}=e.dialogue;return y`<div class="stage">
      ${this.showsManner?this.#i():x}
      <button
        class="orb"
        aria-label="Interrupt"
        title=${n?`Interrupt`:x}
        ?disabled=${!t&&!n}
        @click=${()=>void e.interrupt()}
      >
        <sotto-orb .phase=${this.#n?`idle`:e.phase} .level=${()=>e.level}></sotto-orb>
      </button>
      <p class="phase" role="status">${this.#r}</p>
      ${[e.refusal,e.problem].map(e=>e===null?x:y`<p class="problem" role="alert">${e}</p>`)}
      ${this.hasCaptions?y`<div class="lines" role="log" aria-label="What is said" tabindex="0">
            ${vn(r,({id:e})=>e,qo)}
          </div>`:x}
    </div>`}get#n(){let{state:e,microphone:t,phase:n}=this.app.talk;return e!==`open`||n===`listening`&&t!==`open`}get#r(){let{state:e,microphone:t,phase:n}=this.app.talk;return e===`opening`?`Connecting`:e===`lost`?`Ended`:n!==`listening`||t===`open`?Go[n]:{asking:`May this page listen?`,muted:`Muted`,none:`Write instead`}[t]}#i(){let{settings:e,connection:t,talk:n}=this.app;if(!e)return x;let{voice:r,speed:i}=e;return y`<div class="manner">
      <label>
        Voice
        <select
          class="field"
          @change=${({target:e})=>void n.setManner(e.value||null,i)}
        >
          <option value="" ?selected=${r===null}>The first</option>
          ${t.status?.voice.voices.map(e=>y`<option value=${e} ?selected=${e===r}>${e}</option>`)}
        </select>
      </label>
      <label>
        Speed
        <input
          type="range"
          min="0.5"
          max="2"
          step="0.05"
          .value=${String(i)}
          aria-valuetext="${i} times"
          @change=${({target:e})=>void n.setManner(r,e.valueAsNumber)}
        />
      </label>
    </div>`}#a(){let{talk:e}=this.app;if(e.state===`lost`)return y`<footer><button class="main button primary" @click=${()=>void e.start()}>Talk again</button></footer>`;if(e.microphone===`none`)return y`<footer>
        <form class="write" @submit=${this.#s}>
          <input class="main field" name="text" aria-label="Message" placeholder="Write, and hear the answer" autocomplete="off" />
          <button class="button primary">Send</button>
        </form>
        <button class="button" @click=${()=>void e.listen()}>Try the microphone again</button>
      </footer>`;let t=e.microphone===`muted`;return y`<footer>
      <button
        class="main microphone"
        aria-label="Mute the microphone"
        title=${t?`Listen again`:`Mute`}
        aria-pressed=${String(t)}
        aria-disabled=${e.microphone===`asking`?`true`:x}
        @click=${()=>e.toggleMicrophone()}
      >
        ${t?F.muted:F.microphone}
      </button>
      <p class="hint">Speak, or tap the circle, to interrupt</p>
    </footer>`}updated(e){let{main:t}=this;t!==this.#e&&this.#e&&!this.#e.isConnected&&t?.focus(),this.#e=t,this.log&&(this.log.scrollTop=this.log.scrollHeight)}#o(){this.hasCaptions=!this.hasCaptions,j(`captions`,this.hasCaptions?null:`off`)}#s(e){e.preventDefault();let t=e.target,n=String(new FormData(t).get(`text`)).trim();n!==``&&(t.reset(),this.app.talk.write(n))}};I([D({attribute:!1})],Ko.prototype,`app`,void 0),I([O()],Ko.prototype,`hasCaptions`,void 0),I([O()],Ko.prototype,`showsManner`,void 0),I([k(`dialog`)],Ko.prototype,`dialog`,void 0),I([k(`.main`)],Ko.prototype,`main`,void 0),I([k(`.lines`)],Ko.prototype,`log`,void 0),Ko=I([E(`sotto-voice`)],Ko);function qo({who:e,text:t,state:n}){return y`<p class=${e} data-state=${n}>
    <span class="hidden-text">${e===`person`?`You`:`Assistant`}: </span>${t||`…`}
  </p>`}var Jo=class extends T{static{this.styles=[N,o`
      :host {
        display: grid;
        grid-template: minmax(0, 1fr) / 18.5rem minmax(0, 1fr);
        position: fixed;
        inset: 0;
        overflow: hidden;
      }
      main {
        display: grid;
        min-height: 0;
        background: var(--surface);
      }
      .stage {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
      }
      sotto-thread {
        flex: 1;
      }
      sotto-composer {
        padding: 0 1rem calc(0.75rem + env(safe-area-inset-bottom));
      }
      .banner {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: 0.5rem;
        padding: 0.375rem 1rem;
        background: var(--note-soft);
        color: var(--note);
        font-size: 0.9375rem;
      }
      .banner button {
        min-height: 2rem;
        padding: 0 0.5rem;
        border: 0;
        border-radius: 6px;
        background: none;
        font-weight: 600;
        text-decoration: underline;
        text-underline-offset: 0.2em;
        cursor: pointer;
      }
      .scrim {
        display: none;
      }
      @media (max-width: 52rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
        sotto-sidebar {
          position: absolute;
          z-index: 2;
          inset: 0 auto 0 0;
          width: min(20rem, 86vw);
          visibility: hidden;
          transform: translateX(-100%);
          transition: transform var(--calm), visibility var(--calm);
        }
        sotto-sidebar.shown {
          visibility: visible;
          transform: none;
          box-shadow: var(--shadow);
        }
        .scrim {
          position: fixed;
          z-index: 1;
          inset: 0;
          display: block;
          background: rgb(10 20 17 / 0.4);
          opacity: 0;
          pointer-events: none;
          transition: opacity var(--calm);
        }
        .shown + .scrim {
          opacity: 1;
          pointer-events: auto;
        }
      }
    `]}#e;#t;constructor(){super(),this.#e=new Ht,this.#t=matchMedia(`(max-width: 52rem)`),this.drawer=!1,new A(this,()=>[this.#e.connection,this.#e.open])}connectedCallback(){super.connectedCallback(),this.#e.start(),this.#t.addEventListener(`change`,()=>this.requestUpdate()),document.addEventListener(`keydown`,e=>this.#n(e)),window.addEventListener(`hashchange`,()=>!this.drawer&&this.#o())}render(){let e=this.#e,t=this.#t.matches&&this.drawer;return y`
      <sotto-sidebar
        class=${this.drawer?`shown`:``}
        .app=${e}
        ?inert=${this.#t.matches&&!this.drawer}
        @skip=${()=>this.composer.focus()}
        @close=${this.#a}
        @settings=${()=>void this.settings.show()}
      ></sotto-sidebar>
      <div class="scrim" @click=${this.#a}></div>
      <main>
        <h1 class="hidden-text">${Zt(e.open)}</h1>
        <div class="stage" ?inert=${t}>
        <sotto-header .app=${e} @list=${this.#i} @instructions=${()=>void this.instructions.show()}></sotto-header>
        ${e.connection.state===`offline`?y`<div class="banner" role="alert">
              sottovoce cannot be reached. Trying again.
              <button @click=${()=>e.connection.retry()}>Try now</button>
            </div>`:x}
        ${e.connection.state===`online`&&e.connection.status?.model.state===`failed`?y`<div class="banner" role="alert">The model cannot be used: ${e.connection.status.model.error??`it failed`}.</div>`:x}
        <sotto-thread
          .app=${e}
          @answering=${this.#r}
          @suggested=${({detail:e})=>this.composer.suggest(e)}
        ></sotto-thread>
        <sotto-composer .app=${e} @sent=${this.#r} @talk=${()=>this.voice.show()}></sotto-composer>
        </div>
      </main>
      <sotto-toasts .app=${e}></sotto-toasts>
      <sotto-settings .app=${e} @confirm=${({detail:e})=>this.confirm.ask(e)}></sotto-settings>
      <sotto-instructions .app=${e}></sotto-instructions>
      <sotto-voice .app=${e}></sotto-voice>
      <sotto-confirm></sotto-confirm>
      <sotto-unlock .app=${e}></sotto-unlock>
    `}firstUpdated(){this.#o()}#n(e){if(e.composedPath().some(e=>e instanceof HTMLDialogElement))return;let t=e.ctrlKey||e.metaKey,n=e.key.toLowerCase();if(t&&n===`k`)this.#i(),this.updateComplete.then(()=>this.sidebar.focusSearch());else if(t&&e.shiftKey&&n===`o`)this.#e.startNew(),this.#a(),this.composer.focus();else if(n===`escape`&&this.drawer&&this.#t.matches)this.#a();else if(n===`escape`&&this.#e.open.streaming)this.composer.stop();else return;e.preventDefault()}#r(){this.thread.toEnd(),this.#o()}#i(){this.drawer=this.#t.matches}#a(){this.drawer=!1}#o(){this.#t.matches||this.composer.updateComplete.then(()=>this.composer.focus())}};I([O()],Jo.prototype,`drawer`,void 0),I([k(`sotto-sidebar`)],Jo.prototype,`sidebar`,void 0),I([k(`sotto-thread`)],Jo.prototype,`thread`,void 0),I([k(`sotto-composer`)],Jo.prototype,`composer`,void 0),I([k(`sotto-settings`)],Jo.prototype,`settings`,void 0),I([k(`sotto-instructions`)],Jo.prototype,`instructions`,void 0),I([k(`sotto-voice`)],Jo.prototype,`voice`,void 0),I([k(`sotto-confirm`)],Jo.prototype,`confirm`,void 0),Jo=I([E(`sotto-app`)],Jo);