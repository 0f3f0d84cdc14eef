var e=globalThis,t=e.ShadowRoot&&(e.ShadyCSS===void 0||e.ShadyCSS.nativeShadow)&&`adoptedStyleSheets`in Document.prototype&&`replace`in CSSStyleSheet.prototype,n=Symbol(),r=new WeakMap,i=class{constructor(e,t,r){if(this._$cssResult$=!0,r!==n)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=e,this.t=t}get styleSheet(){let e=this.o,n=this.t;if(t&&e===void 0){let t=n!==void 0&&n.length===1;t&&(e=r.get(n)),e===void 0&&((this.o=e=new CSSStyleSheet).replaceSync(this.cssText),t&&r.set(n,e))}return e}toString(){return this.cssText}},a=e=>new i(typeof e==`string`?e:e+``,void 0,n),o=(e,...t)=>new i(e.length===1?e[0]:t.reduce((t,n,r)=>t+(e=>{if(!0===e._$cssResult$)return e.cssText;if(typeof e==`number`)return e;throw Error(`Value passed to 'css' function must be a 'css' function result: `+e+`. Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.`)})(n)+e[r+1],e[0]),e,n),s=(n,r)=>{if(t)n.adoptedStyleSheets=r.map(e=>e instanceof CSSStyleSheet?e:e.styleSheet);else for(let t of r){let r=document.createElement(`style`),i=e.litNonce;i!==void 0&&r.setAttribute(`nonce`,i),r.textContent=t.cssText,n.appendChild(r)}},c=t?e=>e:e=>e instanceof CSSStyleSheet?(e=>{let t=``;for(let n of e.cssRules)t+=n.cssText;return a(t)})(e):e,{is:l,defineProperty:u,getOwnPropertyDescriptor:d,getOwnPropertyNames:f,getOwnPropertySymbols:p,getPrototypeOf:m}=Object,h=globalThis,ee=h.trustedTypes,te=ee?ee.emptyScript:``,g=h.reactiveElementPolyfillSupport,ne=(e,t)=>e,re={toAttribute(e,t){switch(t){case Boolean:e=e?te:null;break;case Object:case Array:e=e==null?e:JSON.stringify(e)}return e},fromAttribute(e,t){let n=e;switch(t){case Boolean:n=e!==null;break;case Number:n=e===null?null:Number(e);break;case Object:case Array:try{n=JSON.parse(e)}catch{n=null}}return n}},ie=(e,t)=>!l(e,t),ae={attribute:!0,type:String,converter:re,reflect:!1,useDefault:!1,hasChanged:ie};Symbol.metadata??=Symbol(`metadata`),h.litPropertyMetadata??=new WeakMap;var oe=class extends HTMLElement{static addInitializer(e){this._$Ei(),(this.l??=[]).push(e)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(e,t=ae){if(t.state&&(t.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(e)&&((t=Object.create(t)).wrapped=!0),this.elementProperties.set(e,t),!t.noAccessor){let n=Symbol(),r=this.getPropertyDescriptor(e,n,t);r!==void 0&&u(this.prototype,e,r)}}static getPropertyDescriptor(e,t,n){let{get:r,set:i}=d(this.prototype,e)??{get(){return this[t]},set(e){this[t]=e}};return{get:r,set(t){let a=r?.call(this);i?.call(this,t),this.requestUpdate(e,a,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(e){return this.elementProperties.get(e)??ae}static _$Ei(){if(this.hasOwnProperty(ne(`elementProperties`)))return;let e=m(this);e.finalize(),e.l!==void 0&&(this.l=[...e.l]),this.elementProperties=new Map(e.elementProperties)}static finalize(){if(this.hasOwnProperty(ne(`finalized`)))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(ne(`properties`))){let e=this.properties,t=[...f(e),...p(e)];for(let n of t)this.createProperty(n,e[n])}let e=this[Symbol.metadata];if(e!==null){let t=litPropertyMetadata.get(e);if(t!==void 0)for(let[e,n]of t)this.elementProperties.set(e,n)}this._$Eh=new Map;for(let[e,t]of this.elementProperties){let n=this._$Eu(e,t);n!==void 0&&this._$Eh.set(n,e)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(e){let t=[];if(Array.isArray(e)){let n=new Set(e.flat(1/0).reverse());for(let e of n)t.unshift(c(e))}else e!==void 0&&t.push(c(e));return t}static _$Eu(e,t){let n=t.attribute;return!1===n?void 0:typeof n==`string`?n:typeof e==`string`?e.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(e=>this.enableUpdating=e),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(e=>e(this))}addController(e){(this._$EO??=new Set).add(e),this.renderRoot!==void 0&&this.isConnected&&e.hostConnected?.()}removeController(e){this._$EO?.delete(e)}_$E_(){let e=new Map,t=this.constructor.elementProperties;for(let n of t.keys())this.hasOwnProperty(n)&&(e.set(n,this[n]),delete this[n]);e.size>0&&(this._$Ep=e)}createRenderRoot(){let e=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return s(e,this.constructor.elementStyles),e}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(e=>e.hostConnected?.())}enableUpdating(e){}disconnectedCallback(){this._$EO?.forEach(e=>e.hostDisconnected?.())}attributeChangedCallback(e,t,n){this._$AK(e,n)}_$ET(e,t){let n=this.constructor.elementProperties.get(e),r=this.constructor._$Eu(e,n);if(r!==void 0&&!0===n.reflect){let i=(n.converter?.toAttribute===void 0?re:n.converter).toAttribute(t,n.type);this._$Em=e,i==null?this.removeAttribute(r):this.setAttribute(r,i),this._$Em=null}}_$AK(e,t){let n=this.constructor,r=n._$Eh.get(e);if(r!==void 0&&this._$Em!==r){let e=n.getPropertyOptions(r),i=typeof e.converter==`function`?{fromAttribute:e.converter}:e.converter?.fromAttribute===void 0?re:e.converter;this._$Em=r;let a=i.fromAttribute(t,e.type);this[r]=a??this._$Ej?.get(r)??a,this._$Em=null}}requestUpdate(e,t,n,r=!1,i){if(e!==void 0){let a=this.constructor;if(!1===r&&(i=this[e]),n??=a.getPropertyOptions(e),!((n.hasChanged??ie)(i,t)||n.useDefault&&n.reflect&&i===this._$Ej?.get(e)&&!this.hasAttribute(a._$Eu(e,n))))return;this.C(e,t,n)}!1===this.isUpdatePending&&(this._$ES=this._$EP())}C(e,t,{useDefault:n,reflect:r,wrapped:i},a){n&&!(this._$Ej??=new Map).has(e)&&(this._$Ej.set(e,a??t??this[e]),!0!==i||a!==void 0)||(this._$AL.has(e)||(this.hasUpdated||n||(t=void 0),this._$AL.set(e,t)),!0===r&&this._$Em!==e&&(this._$Eq??=new Set).add(e))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(e){Promise.reject(e)}let e=this.scheduleUpdate();return e!=null&&await e,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[e,t]of this._$Ep)this[e]=t;this._$Ep=void 0}let e=this.constructor.elementProperties;if(e.size>0)for(let[t,n]of e){let{wrapped:e}=n,r=this[t];!0!==e||this._$AL.has(t)||r===void 0||this.C(t,void 0,n,r)}}let e=!1,t=this._$AL;try{e=this.shouldUpdate(t),e?(this.willUpdate(t),this._$EO?.forEach(e=>e.hostUpdate?.()),this.update(t)):this._$EM()}catch(t){throw e=!1,this._$EM(),t}e&&this._$AE(t)}willUpdate(e){}_$AE(e){this._$EO?.forEach(e=>e.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(e)),this.updated(e)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(e){return!0}update(e){this._$Eq&&=this._$Eq.forEach(e=>this._$ET(e,this[e])),this._$EM()}updated(e){}firstUpdated(e){}};oe.elementStyles=[],oe.shadowRootOptions={mode:`open`},oe[ne(`elementProperties`)]=new Map,oe[ne(`finalized`)]=new Map,g?.({ReactiveElement:oe}),(h.reactiveElementVersions??=[]).push(`2.1.2`);var _=globalThis,se=e=>e,ce=_.trustedTypes,le=ce?ce.createPolicy(`lit-html`,{createHTML:e=>e}):void 0,ue=`$lit$`,v=`lit$${Math.random().toFixed(9).slice(2)}$`,de=`?`+v,fe=`<${de}>`,pe=document,me=()=>pe.createComment(``),he=e=>e===null||typeof e!=`object`&&typeof e!=`function`,ge=Array.isArray,_e=e=>ge(e)||typeof e?.[Symbol.iterator]==`function`,ve=`[ 	
\f\r]`,ye=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,be=/-->/g,xe=/>/g,Se=RegExp(`>|${ve}(?:([^\\s"'>=/]+)(${ve}*=${ve}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`,`g`),Ce=/'/g,we=/"/g,Te=/^(?:script|style|textarea|title)$/i,y=e=>(t,...n)=>({_$litType$:e,strings:t,values:n}),b=y(1),x=y(2),Ee=Symbol.for(`lit-noChange`),S=Symbol.for(`lit-nothing`),De=new WeakMap,Oe=pe.createTreeWalker(pe,129);function ke(e,t){if(!ge(e)||!e.hasOwnProperty(`raw`))throw Error(`invalid template strings array`);return le===void 0?t:le.createHTML(t)}var Ae=(e,t)=>{let n=e.length-1,r=[],i,a=t===2?`<svg>`:t===3?`<math>`:``,o=ye;for(let t=0;t<n;t++){let n=e[t],s,c,l=-1,u=0;for(;u<n.length&&(o.lastIndex=u,c=o.exec(n),c!==null);)u=o.lastIndex,o===ye?c[1]===`!--`?o=be:c[1]===void 0?c[2]===void 0?c[3]!==void 0&&(o=Se):(Te.test(c[2])&&(i=RegExp(`</`+c[2],`g`)),o=Se):o=xe:o===Se?c[0]===`>`?(o=i??ye,l=-1):c[1]===void 0?l=-2:(l=o.lastIndex-c[2].length,s=c[1],o=c[3]===void 0?Se:c[3]===`"`?we:Ce):o===we||o===Ce?o=Se:o===be||o===xe?o=ye:(o=Se,i=void 0);let d=o===Se&&e[t+1].startsWith(`/>`)?` `:``;a+=o===ye?n+fe:l>=0?(r.push(s),n.slice(0,l)+ue+n.slice(l)+v+d):n+v+(l===-2?t:d)}return[ke(e,a+(e[n]||`<?>`)+(t===2?`</svg>`:t===3?`</math>`:``)),r]},je=class e{constructor({strings:t,_$litType$:n},r){let i;this.parts=[];let a=0,o=0,s=t.length-1,c=this.parts,[l,u]=Ae(t,n);if(this.el=e.createElement(l,r),Oe.currentNode=this.el.content,n===2||n===3){let e=this.el.content.firstChild;e.replaceWith(...e.childNodes)}for(;(i=Oe.nextNode())!==null&&c.length<s;){if(i.nodeType===1){if(i.hasAttributes())for(let e of i.getAttributeNames())if(e.endsWith(ue)){let t=u[o++],n=i.getAttribute(e).split(v),r=/([.?@])?(.*)/.exec(t);c.push({type:1,index:a,name:r[2],strings:n,ctor:r[1]===`.`?T:r[1]===`?`?Pe:r[1]===`@`?Fe:Ne}),i.removeAttribute(e)}else e.startsWith(v)&&(c.push({type:6,index:a}),i.removeAttribute(e));if(Te.test(i.tagName)){let e=i.textContent.split(v),t=e.length-1;if(t>0){i.textContent=ce?ce.emptyScript:``;for(let n=0;n<t;n++)i.append(e[n],me()),Oe.nextNode(),c.push({type:2,index:++a});i.append(e[t],me())}}}else if(i.nodeType===8){if(i.data===de)c.push({type:2,index:a});else{let e=-1;for(;(e=i.data.indexOf(v,e+1))!==-1;)c.push({type:7,index:a}),e+=v.length-1}}a++}}static createElement(e,t){let n=pe.createElement(`template`);return n.innerHTML=e,n}};function C(e,t,n=e,r){if(t===Ee)return t;let i=r===void 0?n._$Cl:n._$Co?.[r],a=he(t)?void 0:t._$litDirective$;return i?.constructor!==a&&(i?._$AO?.(!1),a===void 0?i=void 0:(i=new a(e),i._$AT(e,n,r)),r===void 0?n._$Cl=i:(n._$Co??=[])[r]=i),i!==void 0&&(t=C(e,i._$AS(e,t.values),i,r)),t}var Me=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:n}=this._$AD,r=(e?.creationScope??pe).importNode(t,!0);Oe.currentNode=r;let i=Oe.nextNode(),a=0,o=0,s=n[0];for(;s!==void 0;){if(a===s.index){let t;s.type===2?t=new w(i,i.nextSibling,this,e):s.type===1?t=new s.ctor(i,s.name,s.strings,this,e):s.type===6&&(t=new Ie(i,this,e)),this._$AV.push(t),s=n[++o]}a!==s?.index&&(i=Oe.nextNode(),a++)}return Oe.currentNode=pe,r}p(e){let t=0;for(let n of this._$AV)n!==void 0&&(n.strings===void 0?n._$AI(e[t]):(n._$AI(e,n,t),t+=n.strings.length-2)),t++}},w=class e{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,n,r){this.type=2,this._$AH=S,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=n,this.options=r,this._$Cv=r?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=C(this,e,t),he(e)?e===S||e==null||e===``?(this._$AH!==S&&this._$AR(),this._$AH=S):e!==this._$AH&&e!==Ee&&this._(e):e._$litType$===void 0?e.nodeType===void 0?_e(e)?this.k(e):this._(e):this.T(e):this.$(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==S&&he(this._$AH)?this._$AA.nextSibling.data=e:this.T(pe.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:n}=e,r=typeof n==`number`?this._$AC(e):(n.el===void 0&&(n.el=je.createElement(ke(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===r)this._$AH.p(t);else{let e=new Me(r,this),n=e.u(this.options);e.p(t),this.T(n),this._$AH=e}}_$AC(e){let t=De.get(e.strings);return t===void 0&&De.set(e.strings,t=new je(e)),t}k(t){ge(this._$AH)||(this._$AH=[],this._$AR());let n=this._$AH,r,i=0;for(let a of t)i===n.length?n.push(r=new e(this.O(me()),this.O(me()),this,this.options)):r=n[i],r._$AI(a),i++;i<n.length&&(this._$AR(r&&r._$AB.nextSibling,i),n.length=i)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let t=se(e).nextSibling;se(e).remove(),e=t}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},Ne=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,n,r,i){this.type=1,this._$AH=S,this._$AN=void 0,this.element=e,this.name=t,this._$AM=r,this.options=i,n.length>2||n[0]!==``||n[1]!==``?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=S}_$AI(e,t=this,n,r){let i=this.strings,a=!1;if(i===void 0)e=C(this,e,t,0),a=!he(e)||e!==this._$AH&&e!==Ee,a&&(this._$AH=e);else{let r=e,o,s;for(e=i[0],o=0;o<i.length-1;o++)s=C(this,r[n+o],t,o),s===Ee&&(s=this._$AH[o]),a||=!he(s)||s!==this._$AH[o],s===S?e=S:e!==S&&(e+=(s??``)+i[o+1]),this._$AH[o]=s}a&&!r&&this.j(e)}j(e){e===S?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??``)}},T=class extends Ne{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===S?void 0:e}},Pe=class extends Ne{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==S)}},Fe=class extends Ne{constructor(e,t,n,r,i){super(e,t,n,r,i),this.type=5}_$AI(e,t=this){if((e=C(this,e,t,0)??S)===Ee)return;let n=this._$AH,r=e===S&&n!==S||e.capture!==n.capture||e.once!==n.once||e.passive!==n.passive,i=e!==S&&(n===S||r);r&&this.element.removeEventListener(this.name,this,n),i&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH==`function`?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},Ie=class{constructor(e,t,n){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(e){C(this,e)}},Le={M:ue,P:v,A:de,C:1,L:Ae,R:Me,D:_e,V:C,I:w,H:Ne,N:Pe,U:Fe,B:T,F:Ie},Re=_.litHtmlPolyfillSupport;Re?.(je,w),(_.litHtmlVersions??=[]).push(`3.3.3`);var ze=(e,t,n)=>{let r=n?.renderBefore??t,i=r._$litPart$;if(i===void 0){let e=n?.renderBefore??null;r._$litPart$=i=new w(t.insertBefore(me(),e),e,void 0,n??{})}return i._$AI(e),i},Be=globalThis,E=class extends oe{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let e=super.createRenderRoot();return this.renderOptions.renderBefore??=e.firstChild,e}update(e){let t=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(e),this._$Do=ze(t,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return Ee}};E._$litElement$=!0,E.finalized=!0,Be.litElementHydrateSupport?.({LitElement:E});var Ve=Be.litElementPolyfillSupport;Ve?.({LitElement:E}),(Be.litElementVersions??=[]).push(`4.2.2`);var D=e=>(t,n)=>{n===void 0?customElements.define(e,t):n.addInitializer(()=>{customElements.define(e,t)})},He={attribute:!0,type:String,converter:re,reflect:!1,hasChanged:ie},Ue=(e=He,t,n)=>{let{kind:r,metadata:i}=n,a=globalThis.litPropertyMetadata.get(i);if(a===void 0&&globalThis.litPropertyMetadata.set(i,a=new Map),r===`setter`&&((e=Object.create(e)).wrapped=!0),a.set(n.name,e),r===`accessor`){let{name:r}=n;return{set(n){let i=t.get.call(this);t.set.call(this,n),this.requestUpdate(r,i,e,!0,n)},init(t){return t!==void 0&&this.C(r,void 0,e,t),t}}}if(r===`setter`){let{name:r}=n;return function(n){let i=this[r];t.call(this,n),this.requestUpdate(r,i,e,!0,n)}}throw Error(`Unsupported decorator location: `+r)};function O(e){return(t,n)=>typeof n==`object`?Ue(e,t,n):((e,t,n)=>{let r=t.hasOwnProperty(n);return t.constructor.createProperty(n,e),r?Object.getOwnPropertyDescriptor(t,n):void 0})(e,t,n)}function k(e){return O({...e,state:!0,attribute:!1})}var We=(e,t,n)=>(n.configurable=!0,n.enumerable=!0,Reflect.decorate&&typeof t!=`object`&&Object.defineProperty(e,t,n),n);function A(e,t){return(n,r,i)=>{let a=t=>t.renderRoot?.querySelector(e)??null;if(t){let{get:e,set:t}=typeof r==`object`?n:i??(()=>{let e=Symbol();return{get(){return this[e]},set(t){this[e]=t}}})();return We(n,r,{get(){let n=e.call(this);return n===void 0&&(n=a(this),(n!==null||this.hasUpdated)&&t.call(this,n)),n}})}return We(n,r,{get(){return a(this)}})}}var Ge=45e3,Ke=class{#e=``;#t=``;#n=[];push(e){let t=this.#e+e,n=t.endsWith(`\r`)?t.slice(0,-1):t,r=n.split(/\r\n|\n|\r/);return this.#e=(r.pop()??``)+t.slice(n.length),r.flatMap(e=>this.#r(e)??[])}#r(e){if(e===``)return this.#i();let t=e.indexOf(`:`),n=t<0?e:e.slice(0,t),r=t<0?``:e.slice(t+1).replace(/^ /,``);return n===`event`&&(this.#t=r),n===`data`&&this.#n.push(r),null}#i(){let e=this.#n.length>0?{event:this.#t||`message`,data:this.#n.join(`
`)}:null;return this.#t=``,this.#n=[],e}};async function*qe(e){let t=new Ke,n=new TextDecoder,r=e.getReader();try{for(;;){let{done:e,value:i}=await Je(r.read());if(e)return;yield*t.push(n.decode(i,{stream:!0}))}}finally{r.cancel().catch(()=>{})}}async function Je(e){let t,n=new Promise((e,n)=>{t=setTimeout(()=>n(Error(`nothing came any more`)),Ge)});try{return await Promise.race([e,n])}finally{clearTimeout(t)}}var Ye=class extends Error{constructor(e,t){super(t),this.status=e}},Xe=class extends Error{constructor(){super(`sottovoce cannot be reached`)}},Ze=class{constructor(e,t){this.token=e,this.report=t}status(){return this.#e(`GET`,`/api/status`)}settings(){return this.#e(`GET`,`/api/settings`)}saveSettings(e){return this.#e(`PUT`,`/api/settings`,e)}list({search:e,favourites:t,limit:n,after:r},i){let a=new URLSearchParams({limit:String(n)});return e&&a.set(`search`,e),t&&a.set(`favourites`,`true`),r&&a.set(`after`,r),this.#e(`GET`,`/api/conversations?${a}`,void 0,i)}create(e){return this.#e(`POST`,`/api/conversations`,e===null?{}:{system_prompt:e})}transcript(e,t){return this.#e(`GET`,`/api/conversations/${e}`,void 0,t)}update(e,t){return this.#e(`PATCH`,`/api/conversations/${e}`,t)}async delete(e){await this.#t(`DELETE`,`/api/conversations/${e}`)}deleteAll(){return this.#e(`DELETE`,`/api/conversations`)}ask(e,t,n){return this.#e(`POST`,`/api/conversations/${e}/messages`,{text:t,parent:n})}answerAgain(e){return this.#e(`POST`,`/api/messages/${e}/answers`)}async stop(e){await this.#t(`POST`,`/api/messages/${e}/stop`)}setFavourite(e,t){return this.#e(`PATCH`,`/api/messages/${e}`,{favourite:t})}async deleteMessage(e){await this.#t(`DELETE`,`/api/messages/${e}`)}async*answer(e,t){let n=await this.#t(`GET`,`/api/messages/${e}/events`,void 0,t);n.body&&(yield*qe(n.body))}async export(e,t){let n=t?`/api/conversations/${t}/export`:`/api/export`,r=await this.#t(`GET`,`${n}?format=${e}`),i=r.headers.get(`content-disposition`)??``,a=e===`json`?`sottovoce.json`:`sottovoce.md`;return{name:/filename="([^"]+)"/.exec(i)?.[1]??a,blob:await r.blob()}}import(e){return this.#e(`POST`,`/api/import`,e)}async#e(e,t,n,r){return await(await this.#t(e,t,n,r)).json()}async#t(e,t,n,r){let i=new Headers,a=this.token();a&&i.set(`authorization`,`Bearer ${a}`),n!==void 0&&i.set(`content-type`,`application/json`);let o=n===void 0?null:n instanceof Blob?n:JSON.stringify(n),s;try{s=await fetch(t,{method:e,headers:i,body:o,signal:r??null,cache:`no-store`})}catch(e){throw r?.aborted?e:(this.report(`unreachable`),new Xe)}if(s.status!==429&&this.report(s.status===401?`locked`:`reached`),!s.ok)throw new Ye(s.status,await Qe(s));return s}};async function Qe(e){let t=await e.text().catch(()=>``);try{let{error:e}=JSON.parse(t);return e.message}catch{return t||`the server answered ${e.status}`}}var $e=250,et=8e3;function tt(e,t=Math.random){return Math.min(et,$e*2**e)*(.5+t()/2)}function nt(e,t){return new Promise((n,r)=>{let i=()=>{clearTimeout(a),window.removeEventListener(`online`,i),t.removeEventListener(`abort`,i),t.aborted?r(t.reason):n()},a=setTimeout(i,e);window.addEventListener(`online`,i),t.addEventListener(`abort`,i),t.aborted&&i()})}var rt=class{#e=new Set;subscribe(e){return this.#e.add(e),()=>this.#e.delete(e)}changed(){for(let e of[...this.#e])e()}},j=class{#e=[];constructor(e,t){this.host=e,this.subjects=t,e.addController(this)}hostConnected(){this.#e=this.subjects().map(e=>e.subscribe(()=>this.host.requestUpdate()))}hostDisconnected(){for(let e of this.#e)e()}},it=`sottovoce.`;function at(e){try{return localStorage.getItem(it+e)}catch{return null}}function ot(e,t){try{t?localStorage.setItem(it+e,t):localStorage.removeItem(it+e)}catch{}}var M=500,st=15e3,ct=2**31-1,lt=class extends rt{#e;#t;constructor(e){super(),this.onReturn=e,this.api=new Ze(()=>this.#e,e=>this.#i(e)),this.state=`connecting`,this.status=null,this.#e=at(`token`),this.#t=new AbortController,document.addEventListener(`visibilitychange`,()=>!document.hidden&&this.retry())}get tokenWasRefused(){return this.state===`locked`&&this.#e!==null}async run(){for(let e=0;;){let t=this.#e;try{this.status=await this.api.status(),e=0,this.changed()}catch{e++}this.#e===t&&await this.#r(this.#n(e))}}#n(e){return this.state===`locked`?ct:e>0?tt(e):this.status?.model.state===`loading`?M:st}retry(){this.#t.abort()}unlock(e){this.#e=e,ot(`token`,e),this.state=`connecting`,this.changed(),this.retry()}async#r(e){this.#t=new AbortController,await nt(e,this.#t.signal).catch(()=>{})}#i(e){let t=this.state;this.state=e===`reached`?`online`:e===`locked`?`locked`:`offline`,this.state!==t&&(this.changed(),this.state===`online`&&this.onReturn(),this.state===`offline`&&t===`online`&&this.retry())}},ut=50,dt=class extends rt{#e;constructor(e){super(),this.api=e,this.items=[],this.more=!1,this.state=`loading`,this.search=``,this.favourites=!1,this.#e=new AbortController}async find(e,t){this.search=e.trim(),this.favourites=t,await this.refresh()}async refresh(){await this.#t(null,Math.min(200,Math.max(ut,this.items.length)))}async loadMore(){await this.#t(this.items.at(-1)?.id??null,ut)}adopt(e){this.items=this.items.map(t=>t.id===e.id?{...t,...e}:t),this.changed()}forget(e){this.items=this.items.filter(t=>t.id!==e),this.changed()}async#t(e,t){this.#e.abort();let{signal:n}=this.#e=new AbortController;try{let{search:r,favourites:i}=this,a=await this.api.list({search:r,favourites:i,limit:t,after:e},n);if(n.aborted)return;this.items=e===null?a.conversations:[...this.items,...a.conversations],this.more=a.more,this.state=`ready`}catch{if(n.aborted)return;this.state=this.items.length>0?`ready`:`failed`}this.changed()}},ft=class extends rt{constructor(...e){super(...e),this.current=[],this.#e=0}#e;add(e,t){this.#t({id:this.#e++,text:e,tone:`plain`,action:t})}problem(e){this.#t({id:this.#e++,text:e,tone:`problem`})}dismiss(e){this.current=this.current.filter(t=>t.id!==e),this.changed()}async attempt(e,t){try{await e()}catch(e){this.problem(`${t}: ${e instanceof Error?e.message:String(e)}`)}}#t(e){this.current=[...this.current.filter(({text:t})=>t!==e.text),e].slice(-3),this.changed()}};async function pt(e,t,n,r,i){for(let a=0;;a++){try{let o=``;for await(let{event:s,data:c}of e.answer(t,n)){if(s===`done`)return JSON.parse(c);if(s===`error`?i(JSON.parse(c).error.message):a=0,s!==`text`&&s!==`delta`)continue;let e=JSON.parse(c).text;o=s===`text`?e:o+e,r(o)}}catch(e){if(n.throwIfAborted(),e instanceof Ye&&mt(e.status))throw e}await nt(tt(a),n)}}function mt(e){return e<500&&e!==408&&e!==429}function ht(e,t){let n=new Map(e.map(e=>[e.id,e])),r=new Map;for(let t of e){let e=r.get(t.parent);e?e.push(t):r.set(t.parent,[t])}let i=e.reduce((e,t)=>e&&e.created>t.created?e:t,null),a=t!==null&&n.has(t)?t:i?.id??null,o=new Set;for(let e=a;e!==null&&!o.has(e);e=n.get(e)?.parent??null)o.add(e);let s=[];for(let e=r.get(null);e!==void 0;){let t=e.find(({id:e})=>o.has(e))??e.at(-1);if(!t)break;s.push({message:t,siblings:e.map(({id:e})=>e)}),e=r.get(t.id)}return s}function gt(e,t){let n=new Set([t]);for(let{id:t,parent:r}of e)r!==null&&n.has(r)&&n.add(t);return n}var _t=50,vt=class extends rt{#e;#t;#n;#r;#i;#a;#o;constructor(e,t){super(),this.api=e,this.onChange=t,this.id=null,this.conversation=null,this.state=`ready`,this.instructions=null,this.target=null,this.sought=null,this.#e=[],this.#t=[],this.#n=null,this.#r=new Map,this.#a=null,this.#o=new Map}get steps(){return this.#t}get streaming(){let e=this.#t.at(-1)?.message;return e?.state===`streaming`?e:null}problem(e){return this.#o.get(e)??null}get leaf(){return this.#t.at(-1)?.message.id??null}async open(e,t){(e!==this.id||e===null)&&(this.#s(),this.id=e,this.state=e===null?`ready`:`loading`),this.target=this.sought=t,this.#n=t??this.#n,this.#p(),e!==null&&await this.reload()}async reload(){let e=this.id;if(e!==null)try{let t=await this.api.transcript(e);this.id===e&&this.#c(t)}catch(t){if(this.id!==e)return;t instanceof Ye&&(t.status===404||t.status===400)?this.state=`missing`:this.conversation===null&&(this.state=`failed`),this.changed()}}async ask(e,t=this.leaf){if(this.id===null){let e=await this.api.create(this.instructions);this.instructions=null,this.id=e.id,this.conversation=e,this.changed()}let n=this.id;this.#a={text:e,parent:t};try{let{question:r,answer:i}=await this.api.ask(n,e,t);this.#a=null,this.id===n&&this.#l(r,i)}catch(e){throw e instanceof Xe||(this.#a=null),e}finally{this.onChange()}this.conversation?.title===``&&await this.reload()}arrived(e){let t=this.#a;if(t?.text!==e)return!1;let n=this.#e.some(({parent:e,text:n})=>e===t.parent&&n===t.text);return n&&(this.#a=null),n}async answerAgain(e){if(e.parent===null)return;let t=await this.api.answerAgain(e.parent);this.#l(t.answer),this.onChange()}async stop(){this.streaming&&await this.api.stop(this.streaming.id)}show(e){this.#n=this.target=e,this.#p()}async setFavourite(e,t){this.#f(await this.api.setFavourite(e.id,t))}async deleteMessage(e){await this.api.deleteMessage(e.id);let t=gt(this.#e,e.id);for(let e of t)this.#r.get(e)?.abort();this.#e=this.#e.filter(({id:e})=>!t.has(e)),this.#n=e.parent,this.target=null,this.#p(),this.onChange()}adopt(e){e.id===this.id&&(this.conversation=e,this.changed())}setInstructions(e){this.instructions=e,this.changed()}#s(){for(let e of this.#r.values())e.abort();this.#r.clear(),this.#e=[],this.#n=null,this.#a=null,this.conversation=null,this.instructions=null}#c({conversation:e,messages:t}){let n=new Map(this.#e.map(e=>[e.id,e]));this.conversation=e,this.state=`ready`,this.#e=t.map(e=>e.state===`streaming`&&this.#r.has(e.id)?n.get(e.id)??e:e);for(let e of t)e.state===`streaming`&&this.#u(e);this.#p()}#l(...e){let t=e.filter(({id:e})=>!this.#e.some(t=>t.id===e));this.#e=[...this.#e,...t],this.state=`ready`,this.target=null;for(let t of e)this.#n=t.id,t.state===`streaming`&&this.#u(t);this.#p()}#u({id:e}){if(this.#r.has(e))return;let t=new AbortController;this.#r.set(e,t),pt(this.api,e,t.signal,t=>this.#d(e,t),t=>this.#o.set(e,t)).then(t=>{this.#r.delete(e),this.#f(t),this.onChange()}).catch(()=>{this.#r.delete(e),t.signal.aborted||this.reload()})}#d(e,t){this.#e=this.#e.map(n=>n.id===e?{...n,text:t}:n),this.#i??=setTimeout(()=>this.#p(),_t)}#f(e){this.#e=this.#e.map(t=>t.id===e.id?e:t),this.#p()}#p(){clearTimeout(this.#i),this.#i=void 0,this.#t=ht(this.#e,this.#n),this.changed()}};function N({name:e,blob:t}){let n=document.createElement(`a`);n.href=URL.createObjectURL(t),n.download=e,n.click(),setTimeout(()=>URL.revokeObjectURL(n.href),6e4)}var yt=class extends rt{#e=`system`;constructor(){super();let e=at(`theme`);this.#t(e===`light`||e===`dark`?e:`system`)}get choice(){return this.#e}choose(e){ot(`theme`,e===`system`?null:e),this.#t(e),this.changed()}#t(e){this.#e=e,e===`system`?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}},bt=class extends rt{constructor(...e){super(...e),this.connection=new lt(()=>this.#n()),this.api=this.connection.api,this.conversations=new dt(this.api),this.open=new vt(this.api,()=>void this.conversations.refresh()),this.notices=new ft,this.theme=new yt,this.settings=null}start(){window.addEventListener(`hashchange`,()=>this.#r()),document.addEventListener(`visibilitychange`,()=>{!document.hidden&&this.connection.state===`online`&&this.#n()}),this.open.subscribe(()=>this.#i()),this.#r(),this.connection.run()}async rename(e,t){await this.#e(e,{title:t})}async setFavourite({id:e,favourite:t}){await this.#e(e,{favourite:!t})}async instruct(e){let{id:t}=this.open;t===null?this.open.setInstructions(e):await this.#e(t,{system_prompt:e})}async remove({id:e,title:t}){await this.notices.attempt(async()=>{let{blob:n}=await this.api.export(`json`,e);await this.api.delete(e),this.conversations.forget(e),this.open.id===e&&this.startNew(),this.#t(`“${t||`Untitled`}” deleted`,n)},`Not deleted`)}async removeMessage(e){await this.notices.attempt(async()=>{let{blob:t}=await this.api.export(`json`,e.conversation);await this.open.deleteMessage(e),this.#t(`Message deleted`,t)},`Not deleted`)}async removeAll(){let{deleted:e}=await this.api.deleteAll();this.startNew(),await this.conversations.refresh(),this.notices.add(e===1?`One conversation deleted`:`${e} conversations deleted`)}async export(e,t){await this.notices.attempt(async()=>N(await this.api.export(e,t)),`Not exported`)}async import(e){await this.notices.attempt(async()=>{let{conversations:t,messages:n}=await this.api.import(e);await Promise.all([this.conversations.refresh(),this.open.reload()]),this.notices.add(n+t===0?`All of that is here already`:`Imported: conversations ${t}, messages ${n}`)},`Not imported`)}async saveSettings(e){this.settings=await this.api.saveSettings(e),this.changed()}async loadSettings(){this.settings=await this.api.settings(),this.changed()}startNew(){location.hash?location.hash=``:this.open.open(null,null)}async#e(e,t){await this.notices.attempt(async()=>{let n=await this.api.update(e,t);this.conversations.adopt(n),this.open.adopt(n)},`Not changed`)}#t(e,t){let n=()=>this.notices.attempt(async()=>{await this.api.import(t),await Promise.all([this.conversations.refresh(),this.open.reload()])},`Not put back`);this.notices.add(e,{label:`Undo`,run:()=>void n()})}#n(){this.conversations.refresh(),this.open.reload(),this.loadSettings().catch(()=>{})}#r(){let e=/^#token=(.+)$/.exec(location.hash)?.[1];e!==void 0&&(history.replaceState(null,``,location.pathname),this.connection.unlock(decodeURIComponent(e)));let[,t,n]=/^#\/([\w-]+)(?:\/([\w-]+))?$/.exec(location.hash)??[];this.open.open(t??null,n??null)}#i(){let{id:e,conversation:t,target:n}=this.open;document.title=t?.title?`${t.title} · sottovoce`:`sottovoce`;let r=n===null?`#/${e}`:`#/${e}/${n}`;e!==null&&location.hash!==r&&history.replaceState(null,``,r)}},P=o`
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
`,xt=o`
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
`;function F(e){return b`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${e}
  </svg>`}var I={plus:F(x`<path d="M12 5v14M5 12h14"/>`),search:F(x`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4 4"/>`),star:F(x`<path d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),starred:F(x`<path fill="currentColor" d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),panel:F(x`<rect x="4" y="5" width="16" height="14" rx="3"/><path d="M10 5v14"/>`),more:F(x`<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.75"/>`),pencil:F(x`<path d="M5 19h3.2L18.6 8.6a1.8 1.8 0 0 0 0-2.5l-.7-.7a1.8 1.8 0 0 0-2.5 0L5 15.8zM13.5 7.3l3.2 3.2"/>`),trash:F(x`<path d="M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.5 11v4.5M13.5 11v4.5"/>`),copy:F(x`<rect x="9" y="9" width="10.5" height="10.5" rx="2.5"/><path d="M5.5 15A1.5 1.5 0 0 1 4.5 13.5v-7a2 2 0 0 1 2-2h7A1.5 1.5 0 0 1 15 5.5"/>`),check:F(x`<path d="m5 12.5 4.5 4.5L19 7.5"/>`),stop:F(x`<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>`),send:F(x`<path d="M12 19V5.5M6 11l6-6 6 6" stroke-width="2"/>`),again:F(x`<path d="M19 12a7 7 0 1 1-2.2-5.1L19 9M19 4.5V9h-4.5"/>`),left:F(x`<path d="m14 7-5 5 5 5"/>`),right:F(x`<path d="m10 7 5 5-5 5"/>`),down:F(x`<path d="M12 5v14M6 13l6 6 6-6"/>`),settings:F(x`<path d="M4 8h9M18 8h2M4 16h2M11 16h9"/><circle cx="15.5" cy="8" r="2.3"/><circle cx="8.5" cy="16" r="2.3"/>`),sun:F(x`<circle cx="12" cy="12" r="3.8"/><path d="M12 3.5v1.5M12 19v1.5M3.5 12H5M19 12h1.5M6 6l1 1M17 17l1 1M18 6l-1 1M7 17l-1 1"/>`),moon:F(x`<path d="M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z"/>`),system:F(x`<rect x="4" y="5" width="16" height="11" rx="2"/><path d="M9 20h6M12 16v4"/>`),download:F(x`<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14"/>`),upload:F(x`<path d="M12 15.5V4.5M7.5 9 12 4.5 16.5 9M5 19.5h14"/>`),close:F(x`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`),note:F(x`<circle cx="12" cy="12" r="8"/><path d="M12 11v5M12 8h.01"/>`),instructions:F(x`<path d="M5 6.5h14M5 12h14M5 17.5h8"/>`)};function L(e,t,n,r){var i=arguments.length,a=i<3?t:r===null?r=Object.getOwnPropertyDescriptor(t,n):r,o;if(typeof Reflect==`object`&&typeof Reflect.decorate==`function`)a=Reflect.decorate(e,t,n,r);else for(var s=e.length-1;s>=0;s--)(o=e[s])&&(a=(i<3?o(a):i>3?o(t,n,a):o(t,n))||a);return i>3&&a&&Object.defineProperty(t,n,a),a}var St=2*Math.PI*6,Ct=class extends E{static{this.styles=[P,o`
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
    `]}constructor(){super(),new j(this,()=>[this.app.open,this.app.connection])}render(){let e=this.app.connection.status?.model.context,t=this.app.open.steps.findLast(({message:e})=>e.usage)?.message.usage;if(!e||!t)return S;let n=t.prompt_tokens+t.completion_tokens,r=Math.min(1,n/e),i=`${n.toLocaleString(`en-GB`)} of ${e.toLocaleString(`en-GB`)} tokens`;return b`
      <svg
        viewBox="0 0 16 16"
        class=${r>.9?`full`:``}
        role="meter"
        aria-label="Context"
        aria-valuemin="0"
        aria-valuemax=${e}
        aria-valuenow=${Math.min(n,e)}
        aria-valuetext=${i}
      >
        <circle cx="8" cy="8" r="6"></circle>
        <circle cx="8" cy="8" r="6" stroke-dasharray="${St*r} ${St}"></circle>
      </svg>
      <span aria-hidden="true">${i}</span>
    `}};L([O({attribute:!1})],Ct.prototype,`app`,void 0),Ct=L([D(`sotto-meter`)],Ct);var wt=class extends E{static{this.styles=[P,o`
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
      .send {
        border-radius: 12px;
        background: var(--accent);
        color: var(--accent-ink);
        width: 2.5rem;
        height: 2.5rem;
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
    `]}#e;constructor(){super(),this.empty=!0,this.sending=!1,new j(this,()=>[this.app.open,this.app.connection])}render(){let{open:e,connection:t}=this.app,n=e.streaming!==null;return b`
      <form
        aria-label="Message"
        @submit=${e=>{e.preventDefault(),this.#t()}}
      >
        <textarea
          aria-label="Message"
          dir="auto"
          rows="1"
          placeholder="Write a message"
          enterkeyhint="send"
          @input=${this.#r}
          @keydown=${this.#n}
        ></textarea>
        ${n?b`<button type="button" class="icon-button send" aria-label="Stop" title="Stop (Esc)" @click=${this.stop}>
              ${I.stop}
            </button>`:b`<button
              class="icon-button send"
              aria-label="Send"
              title="Send (Enter)"
              ?disabled=${this.empty||this.sending||t.state!==`online`}
            >
              ${I.send}
            </button>`}
      </form>
      <div class="below">
        <span class="hint">${n?`Esc stops the answer`:`Enter sends, Shift and Enter begins a line`}</span>
        <sotto-meter .app=${this.app}></sotto-meter>
      </div>
    `}updated(e){let{open:t}=this.app;t.id!==this.#e&&(this.#e!==void 0&&this.sending||this.#i(at(`draft.${t.id??`new`}`)??``),this.#e=t.id),!this.sending&&!this.empty&&t.arrived(this.field.value.trim())&&this.#i(``)}focus(){this.field.focus()}suggest(e){this.#i(e),this.focus()}stop(){this.app.notices.attempt(()=>this.app.open.stop(),`Not stopped`)}async#t(){let e=this.field.value.trim(),{open:t,connection:n,notices:r}=this.app;if(e===``||this.sending||t.streaming||n.state!==`online`)return;this.sending=!0,this.dispatchEvent(new CustomEvent(`sent`));let i=`draft.${t.id??`new`}`;this.#a(``);try{await t.ask(e),ot(i,null)}catch(t){ot(i,null),this.#i(e),r.problem(`Not sent: ${t instanceof Error?t.message:String(t)}`)}finally{this.sending=!1}}#n(e){e.key!==`Enter`||e.shiftKey||e.isComposing||(e.preventDefault(),this.#t())}#r(){this.#i(this.field.value)}#i(e){this.#a(e),ot(`draft.${this.app.open.id??`new`}`,e)}#a(e){let{field:t}=this;t.value!==e&&(t.value=e),this.empty=e.trim()===``,t.style.height=`auto`,t.style.height=`${t.scrollHeight}px`}};L([O({attribute:!1})],wt.prototype,`app`,void 0),L([k()],wt.prototype,`empty`,void 0),L([k()],wt.prototype,`sending`,void 0),L([A(`textarea`)],wt.prototype,`field`,void 0),wt=L([D(`sotto-composer`)],wt);var Tt=class extends E{static{this.styles=[P,xt,o`
      .field[type='number'] {
        max-width: 8rem;
      }
    `]}async show(){this.requestUpdate(),await this.updateComplete,this.reveal()}reveal(){this.dialog.open||this.dialog.showModal()}close(){this.dialog.close()}frame(e,t,n,r=!0){return b`
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
            ${r?b`<button type="button" class="icon-button" aria-label="Close" @click=${()=>this.close()}>
                  ${I.close}
                </button>`:S}
          </header>
          <div class="body">${t}</div>
          <footer>${n}</footer>
        </form>
      </dialog>
    `}async#e(e){await this.submit(new FormData(e)),this.close()}};L([A(`dialog`)],Tt.prototype,`dialog`,void 0);var Et=class extends Tt{static{this.styles=[...Tt.styles,o`
      dialog {
        width: min(28rem, calc(100vw - 2rem));
      }
    `]}#e={title:``,text:``,verb:``,run:()=>Promise.resolve()};ask(e){this.#e=e,this.show()}render(){let{title:e,text:t,verb:n}=this.#e;return this.frame(e,b`<p>${t}</p>`,b`
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button danger">${n}</button>
      `)}submit(){return this.#e.run()}};Et=L([D(`sotto-confirm`)],Et);function Dt(e,t,n){let{id:r,favourite:i}=t;return[{label:`Rename`,icon:I.pencil,run:n},{label:i?`No longer a favourite`:`Favourite`,icon:i?I.starred:I.star,run:()=>void e.setFavourite(t)},{label:`Export as Markdown`,icon:I.download,run:()=>void e.export(`markdown`,r)},{label:`Export as JSON`,icon:I.download,run:()=>void e.export(`json`,r)},{label:`Delete`,icon:I.trash,danger:!0,run:()=>void e.remove(t)}]}var Ot=class extends E{constructor(...e){super(...e),this.label=``,this.items=[],this.shown=!1}static{this.styles=[P,o`
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
    `]}render(){return b`
      <button
        class="icon-button small"
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.shown?`true`:`false`}
        @click=${this.#e}
      >
        ${I.more}
      </button>
      <div role="menu" popover aria-label=${this.label} @toggle=${this.#t} @keydown=${this.#n}>
        ${this.items.map(e=>b`
            <button role="menuitem" tabindex="-1" class=${e.danger?`danger`:``} @click=${()=>this.#i(e)}>
              ${e.icon}${e.label}
            </button>
          `)}
      </div>
    `}#e(){this.menu.togglePopover()}#t(e){if(this.shown=e.newState===`open`,this.toggleAttribute(`open`,this.shown),!this.shown)return;let t=this.trigger.getBoundingClientRect(),{offsetWidth:n,offsetHeight:r}=this.menu,i=t.bottom+4+r<window.innerHeight;this.menu.style.top=`${i?t.bottom+4:Math.max(8,t.top-4-r)}px`,this.menu.style.left=`${Math.max(8,Math.min(t.right-n,window.innerWidth-n-8))}px`,this.#r()[0]?.focus()}#n(e){let t=this.#r(),n=t.indexOf(this.renderRoot.querySelector(`[role=menuitem]:focus`)),r={ArrowDown:n+1,ArrowUp:n-1,Home:0,End:-1}[e.key];r===void 0?(e.key===`Escape`||e.key===`Tab`)&&(e.stopPropagation(),e.preventDefault(),this.menu.hidePopover(),this.trigger.focus()):(e.preventDefault(),t.at(r%t.length)?.focus())}#r(){return[...this.renderRoot.querySelectorAll(`[role=menuitem]`)]}#i(e){this.menu.hidePopover(),this.trigger.focus(),e.run()}};L([O()],Ot.prototype,`label`,void 0),L([O({attribute:!1})],Ot.prototype,`items`,void 0),L([k()],Ot.prototype,`shown`,void 0),L([A(`button`)],Ot.prototype,`trigger`,void 0),L([A(`[role=menu]`)],Ot.prototype,`menu`,void 0),Ot=L([D(`sotto-menu`)],Ot);var kt=class extends E{constructor(...e){super(...e),this.name=``,this.#e=!1}static{this.styles=[P,o`
      :host {
        display: block;
        flex: 1;
        min-width: 0;
      }
      .field {
        min-height: 2.25rem;
        padding: 0.25rem 0.5rem;
      }
    `]}#e;render(){return b`<input
      class="field"
      aria-label="Title"
      maxlength="200"
      .value=${this.name}
      @keydown=${this.#t}
      @blur=${()=>this.#n(!0)}
    />`}firstUpdated(){this.input.focus(),this.input.select()}#t(e){e.isComposing||e.key!==`Enter`&&e.key!==`Escape`||(e.preventDefault(),e.stopPropagation(),this.#n(e.key===`Enter`))}#n(e){if(this.#e)return;this.#e=!0;let t=this.input.value.trim(),n=e&&t&&t!==this.name?t:null;this.dispatchEvent(new CustomEvent(`renamed`,{detail:n}))}};L([O()],kt.prototype,`name`,void 0),L([A(`input`)],kt.prototype,`input`,void 0),kt=L([D(`sotto-rename`)],kt);function At({id:e,conversation:t}){return e===null?`New conversation`:t?t.title||`Untitled`:`Conversation`}var jt=class extends E{static{this.styles=[P,o`
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
    `]}constructor(){super(),this.renaming=!1,new j(this,()=>[this.app.open])}render(){let{conversation:e,instructions:t}=this.app.open,n=e?e.system_prompt!==null:t!==null;return b`
      <header>
        <button class="icon-button list" aria-label="Conversations" @click=${()=>this.#e(`list`)}>${I.panel}</button>
        ${this.renaming&&e?b`<sotto-rename
              .name=${e.title}
              @renamed=${({detail:t})=>{this.renaming=!1,t&&this.app.rename(e.id,t)}}
            ></sotto-rename>`:b`<span class="title" aria-hidden="true" @dblclick=${()=>this.renaming=!0}>
              ${At(this.app.open)}
            </span>`}
        <button
          class="icon-button ${n?`own`:``}"
          aria-label=${n?`Instructions of this conversation (its own)`:`Instructions of this conversation`}
          title="Instructions"
          @click=${()=>this.#e(`instructions`)}
        >
          ${I.instructions}
        </button>
        ${e?b`
              <button
                class="icon-button"
                aria-label="Favourite"
                title="Favourite"
                aria-pressed=${String(e.favourite)}
                @click=${()=>void this.app.setFavourite(e)}
              >
                ${e.favourite?I.starred:I.star}
              </button>
              <sotto-menu
                label="Actions for this conversation"
                .items=${Dt(this.app,e,()=>this.renaming=!0)}
              ></sotto-menu>
            `:S}
      </header>
    `}#e(e){this.dispatchEvent(new CustomEvent(e))}};L([O({attribute:!1})],jt.prototype,`app`,void 0),L([k()],jt.prototype,`renaming`,void 0),jt=L([D(`sotto-header`)],jt);var Mt=class extends Tt{static{this.styles=[...Tt.styles,o`
      p {
        margin-bottom: 0.75rem;
        color: var(--ink-soft);
      }
    `]}render(){let{settings:e}=this.app;return this.frame(`Instructions of this conversation`,b`
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
      `,b`
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `)}get#e(){let{conversation:e,instructions:t}=this.app.open;return(e?e.system_prompt:t)??``}async submit(e){let t=String(e.get(`instructions`)).trim();await this.app.instruct(t===``?null:t)}};L([O({attribute:!1})],Mt.prototype,`app`,void 0),Mt=L([D(`sotto-instructions`)],Mt);var Nt=`/assets/licences-DW4CDc2X.txt`,Pt=o`
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
`,Ft=[[`system`,`As the system`],[`light`,`Light`],[`dark`,`Dark`]],It=[7,30,90,365],Lt=class extends Tt{static{this.styles=[...Tt.styles,Pt]}constructor(){super(),this.problem=null,new j(this,()=>[this.app,this.app.connection,this.app.theme])}async show(){this.problem=null,await this.app.notices.attempt(()=>this.app.loadSettings(),`Settings not read`),this.app.settings&&await super.show()}render(){let{settings:e,connection:t}=this.app;return this.frame(`Settings`,e?[this.#e(t.status),this.#t(e),this.#r(e),this.#i(e),this.#a()]:S,b`
        ${this.problem===null?S:b`<p class="problem" role="alert">${this.problem}</p>`}
        <button type="button" class="button" @click=${()=>this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `)}#e(e){if(!e)return S;let{name:t,package:n,context:r,notices:i,state:a,step:o,error:s}=e.model;return b`
      <section aria-labelledby="model">
        <h3 id="model">Model</h3>
        <dl>
          <dt>Name</dt>
          <dd>${t}</dd>
          ${n?b`<dt>Package</dt><dd>${n}</dd>`:S}
          <dt>State</dt>
          <dd>${a===`loading`?o??`loading`:a===`failed`?s??`failed`:`ready`}</dd>
          ${r?b`<dt>Context</dt><dd>${r.toLocaleString(`en-GB`)} tokens</dd>`:S}
          ${i.map(e=>b`<dt>Notice</dt><dd>${e}</dd>`)}
        </dl>
      </section>
    `}#t(e){return b`
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
    `}#n(e,t,n,r){return b`<label>
      ${t}
      <input
        class="field"
        type="number"
        name=${e}
        min=${r.min}
        max=${r.max??S}
        step=${r.step}
        placeholder="default"
        .value=${n===null?``:String(n)}
      />
    </label>`}#r({voice:e,speed:t}){let n=this.app.connection.status?.voice;return n?b`
      <section aria-labelledby="voice">
        <h3 id="voice">Voice</h3>
        ${n.state===`ready`?b`<div class="row">
              <label>
                Voice
                <select class="field" name="voice">
                  <option value="" ?selected=${e===null}>The first</option>
                  ${n.voices.map(t=>b`<option value=${t} ?selected=${e===t}>${t}</option>`)}
                </select>
              </label>
              ${this.#n(`speed`,`Speed`,t,{min:.5,max:2,step:.05})}
            </div>`:b`<p class="about">${n.state===`loading`?`The voice is being made ready.`:n.reason??`No voice is installed.`}</p>`}
      </section>
    `:S}#i({retention_days:e}){let t=e===null||It.includes(e)?It:[...It,e].sort((e,t)=>e-t);return b`
      <section aria-labelledby="history">
        <h3 id="history">Conversations</h3>
        <label class="wide">
          Keep them
          <select class="field" name="retention_days">
            <option value="" ?selected=${e===null}>until I delete them</option>
            ${t.map(t=>b`<option value=${t} ?selected=${e===t}>for ${t} days without use</option>`)}
          </select>
        </label>
        <p class="about">Favourites are always kept.</p>
        <div class="row buttons">
          <button type="button" class="button" @click=${()=>void this.app.export(`json`)}>${I.download}Export all</button>
          <button type="button" class="button" @click=${()=>this.renderRoot.querySelector(`#file`)?.click()}>
            ${I.upload}Import
          </button>
          <input id="file" type="file" accept=".json,application/json" hidden @change=${this.#o} />
          <button type="button" class="button danger" @click=${this.#s}>${I.trash}Delete all</button>
        </div>
      </section>
    `}#a(){let{theme:e,connection:t}=this.app;return b`
      <section aria-labelledby="page">
        <h3 id="page">Page</h3>
        <fieldset>
          <legend>Colours</legend>
          ${Ft.map(([t,n])=>b`<label>
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
          <a href=${Nt} target="_blank" rel="noopener">licences of what this page is built from</a>
        </p>
      </section>
    `}async submit(e){let t=this.app.settings;if(!t)return;let n=t=>{let n=String(e.get(t)??``).trim();return n===``?null:Number(n)};this.problem=null;try{await this.app.saveSettings({system_prompt:String(e.get(`system_prompt`)).trim(),temperature:n(`temperature`),top_k:n(`top_k`),top_p:n(`top_p`),max_tokens:n(`max_tokens`),retention_days:n(`retention_days`),voice:e.has(`voice`)?String(e.get(`voice`))||null:t.voice,speed:n(`speed`)??t.speed})}catch(e){throw this.problem=e instanceof Error?e.message:String(e),e}}#o(e){let t=e.target,n=t.files?.[0];t.value=``,n&&(this.close(),this.app.import(n))}#s(){this.close(),this.dispatchEvent(new CustomEvent(`confirm`,{detail:{title:`Delete all conversations?`,text:`All of them, favourites too, are removed for good. Export them first if you may want them again.`,verb:`Delete all`,run:()=>this.app.notices.attempt(()=>this.app.removeAll(),`Not deleted`)}}))}};L([O({attribute:!1})],Lt.prototype,`app`,void 0),L([k()],Lt.prototype,`problem`,void 0),Lt=L([D(`sotto-settings`)],Lt);var Rt={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},zt=e=>(...t)=>({_$litDirective$:e,values:t}),Bt=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,n){this._$Ct=e,this._$AM=t,this._$Ci=n}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}},{I:Vt}=Le,Ht=e=>e,Ut=()=>document.createComment(``),Wt=(e,t,n)=>{let r=e._$AA.parentNode,i=t===void 0?e._$AB:t._$AA;if(n===void 0)n=new Vt(r.insertBefore(Ut(),i),r.insertBefore(Ut(),i),e,e.options);else{let t=n._$AB.nextSibling,a=n._$AM,o=a!==e;if(o){let t;n._$AQ?.(e),n._$AM=e,n._$AP!==void 0&&(t=e._$AU)!==a._$AU&&n._$AP(t)}if(t!==i||o){let e=n._$AA;for(;e!==t;){let t=Ht(e).nextSibling;Ht(r).insertBefore(e,i),e=t}}}return n},R=(e,t,n=e)=>(e._$AI(t,n),e),Gt={},Kt=(e,t=Gt)=>e._$AH=t,qt=e=>e._$AH,Jt=e=>{e._$AR(),e._$AA.remove()},Yt=(e,t,n)=>{let r=new Map;for(let i=t;i<=n;i++)r.set(e[i],i);return r},Xt=zt(class extends Bt{constructor(e){if(super(e),e.type!==Rt.CHILD)throw Error(`repeat() can only be used in text expressions`)}dt(e,t,n){let r;n===void 0?n=t:t!==void 0&&(r=t);let i=[],a=[],o=0;for(let t of e)i[o]=r?r(t,o):o,a[o]=n(t,o),o++;return{values:a,keys:i}}render(e,t,n){return this.dt(e,t,n).values}update(e,[t,n,r]){let i=qt(e),{values:a,keys:o}=this.dt(t,n,r);if(!Array.isArray(i))return this.ut=o,a;let s=this.ut??=[],c=[],l,u,d=0,f=i.length-1,p=0,m=a.length-1;for(;d<=f&&p<=m;)if(i[d]===null)d++;else if(i[f]===null)f--;else if(s[d]===o[p])c[p]=R(i[d],a[p]),d++,p++;else if(s[f]===o[m])c[m]=R(i[f],a[m]),f--,m--;else if(s[d]===o[m])c[m]=R(i[d],a[m]),Wt(e,c[m+1],i[d]),d++,m--;else if(s[f]===o[p])c[p]=R(i[f],a[p]),Wt(e,i[d],i[f]),f--,p++;else if(l===void 0&&(l=Yt(o,p,m),u=Yt(s,d,f)),l.has(s[d])){if(l.has(s[f])){let t=u.get(o[p]),n=t===void 0?null:i[t];if(n===null){let t=Wt(e,i[d]);R(t,a[p]),c[p]=t}else c[p]=R(n,a[p]),Wt(e,i[d],n),i[t]=null;p++}else Jt(i[f]),f--}else Jt(i[d]),d++;for(;p<=m;){let t=Wt(e,c[m+1]);R(t,a[p]),c[p++]=t}for(;d<=f;){let e=i[d++];e!==null&&Jt(e)}return this.ut=o,Kt(e,c),Ee}}),Zt=864e5;function Qt(e,t){let n=new Date(t.getFullYear(),t.getMonth(),t.getDate()).getTime(),r=[];for(let i of e){let e=z(new Date(i.updated),n,t),a=r.at(-1);a?.label===e?a.items.push(i):r.push({label:e,items:[i]})}return r}function z(e,t,n){let r=Math.round((t-new Date(e).setHours(0,0,0,0))/Zt);if(r<=0)return`Today`;if(r===1)return`Yesterday`;if(r<7)return`Last seven days`;let i=e.getFullYear()===n.getFullYear()?{}:{year:`numeric`};return e.toLocaleDateString(`en-GB`,{month:`long`,...i})}var $t=class extends E{static{this.styles=[P,o`
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
    `]}constructor(){super(),this.current=null,this.renaming=null,new j(this,()=>[this.app.conversations])}render(){let{items:e,more:t,state:n,search:r,favourites:i}=this.app.conversations;return e.length===0&&n!==`loading`?b`<p class="empty">
        ${n===`failed`?`The conversations cannot be shown now.`:r?`Nothing found.`:i?`No favourites yet. Mark a conversation or a message with the star.`:`Conversations will appear here.`}
      </p>`:b`
      <div @keydown=${this.#n}>
        ${Xt(Qt(e,new Date),({label:e})=>e,({label:e,items:t})=>b`
            <section aria-label=${e}>
              <h3>${e}</h3>
              <ul>
                ${Xt(t,({id:e})=>e,e=>this.#e(e))}
              </ul>
            </section>
          `)}
      </div>
      ${t?b`<button class="button more" @click=${()=>void this.app.conversations.loadMore()}>Show more</button>`:S}
    `}focus(){this.renderRoot.querySelector(`a`)?.focus()}#e(e){let{id:t,title:n,favourite:r,excerpt:i}=e;if(this.renaming===t)return b`<li>
        <sotto-rename
          .name=${n}
          @renamed=${({detail:e})=>this.#t(t,e)}
        ></sotto-rename>
      </li>`;let a=n||`Untitled`;return b`<li>
      <a
        href=${i?`#/${t}/${i.message}`:`#/${t}`}
        data-id=${t}
        aria-current=${this.current===t?`page`:S}
      >
        <span class="title">
          <span>${a}</span>
          ${r?b`${I.starred}<span class="hidden-text">(favourite)</span>`:S}
        </span>
        ${i?b`<span class="excerpt">${i.before}<mark>${i.word}</mark>${i.after}</span>`:S}
      </a>
      <sotto-menu
        .label=${`Actions for ${a}`}
        .items=${Dt(this.app,e,()=>this.renaming=t)}
      ></sotto-menu>
    </li>`}#t(e,t){this.renaming=null,t&&this.app.rename(e,t),this.updateComplete.then(()=>this.renderRoot.querySelector(`a[data-id='${e}']`)?.focus())}#n(e){let t=[...this.renderRoot.querySelectorAll(`a`)],n=t.indexOf(e.target);if(n<0)return;let r=this.app.conversations.items.find(({id:e})=>e===t[n]?.dataset.id),i={ArrowDown:n+1,ArrowUp:n-1,Home:0,End:t.length-1}[e.key];if(i!==void 0)t[Math.max(0,Math.min(i,t.length-1))]?.focus();else if(e.key===`F2`&&r)this.renaming=r.id;else if(e.key===`Delete`&&r)(t[n+1]??t[n-1])?.focus(),this.app.remove(r);else return;e.preventDefault()}};L([O({attribute:!1})],$t.prototype,`app`,void 0),L([O({attribute:!1})],$t.prototype,`current`,void 0),L([k()],$t.prototype,`renaming`,void 0),$t=L([D(`sotto-conversation-list`)],$t);var en=class extends E{static{this.styles=[P,o`
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
    `]}constructor(){super(),new j(this,()=>[this.app.connection])}render(){let{status:e,state:t}=this.app.connection,n=t===`online`;if(!e)return b`<div role="status"><span class="name">${n?`Connecting`:`Not connected`}</span></div>`;let{name:r,state:i,step:a,notices:o,error:s}=e.model;return b`
      <div class=${n?i:``} role="status">
        <span class="name">${r}</span>
        ${n?S:b`<p>not connected</p>`}
        ${n&&i===`loading`?b`<p>${a??`loading`}</p>`:S}
        ${n&&i===`failed`?b`<p>${s??`The model cannot be used.`}</p>`:S}
        ${o.map(e=>b`<p>${e}</p>`)}
      </div>
    `}};L([O({attribute:!1})],en.prototype,`app`,void 0),en=L([D(`sotto-model-status`)],en);var tn=150,nn={system:[`light`,I.system],light:[`dark`,I.sun],dark:[`system`,I.moon]},rn=class extends E{static{this.styles=[P,o`
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
    `]}#e;constructor(){super(),new j(this,()=>[this.app.conversations,this.app.open,this.app.theme])}render(){let{favourites:e}=this.app.conversations,t=this.app.theme.choice,[n,r]=nn[t],i=navigator.platform.startsWith(`Mac`);return b`<nav aria-label="Conversations">
      <button class="skip" @click=${()=>this.#o(`skip`)}>To the message field</button>
      <div class="top">
        <div class="brand">
          <a href="#" aria-label="sottovoce, a new conversation">sottovoce</a>
          <button class="icon-button close" aria-label="Close the list" @click=${()=>this.#o(`close`)}>
            ${I.close}
          </button>
        </div>
        <button class="button new" @click=${this.#t}>
          ${I.plus}New conversation<kbd aria-hidden="true">${i?`⇧⌘O`:`Ctrl ⇧ O`}</kbd>
        </button>
        <div class="search" role="search">
          ${I.search}
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
          ${I.settings}
        </button>
      </div>
    </nav>`}focusSearch(){this.input.focus(),this.input.select()}#t(){this.app.startNew(),this.#o(`close`)}#n(e){this.app.conversations.find(this.input.value,e)}#r(){clearTimeout(this.#e),this.#e=setTimeout(()=>this.#n(this.app.conversations.favourites),tn)}#i(e){if(e.key===`ArrowDown`)this.list.focus();else if(e.key===`Escape`&&this.input.value)this.input.value=``,this.#r();else return;e.preventDefault(),e.stopPropagation()}#a(e){e.composedPath().some(e=>e instanceof HTMLAnchorElement)&&this.#o(`close`)}#o(e){this.dispatchEvent(new CustomEvent(e))}};L([O({attribute:!1})],rn.prototype,`app`,void 0),L([A(`input`)],rn.prototype,`input`,void 0),L([A(`sotto-conversation-list`)],rn.prototype,`list`,void 0),rn=L([D(`sotto-sidebar`)],rn);async function an(e){try{return await navigator.clipboard.writeText(e),!0}catch{let t=document.createElement(`textarea`);t.value=e,t.className=`clipboard`,document.body.append(t),t.select();let n=document.execCommand(`copy`);return t.remove(),n}}function on(){return{async:!1,breaks:!1,extensions:null,gfm:!0,hooks:null,pedantic:!1,renderer:null,silent:!1,tokenizer:null,walkTokens:null}}var sn=on();function cn(e){sn=e}var ln={exec:()=>null};function un(e){let t=[];return n=>{let r=Math.max(0,Math.min(3,n-1)),i=t[r];return i||(i=e(r),t[r]=i),i}}function B(e,t=``){let n=typeof e==`string`?e:e.source,r={replace:(e,t)=>{let i=typeof t==`string`?t:t.source;return i=i.replace(V.caret,`$1`),n=n.replace(e,i),r},getRegex:()=>new RegExp(n,t)};return r}var dn=((e=``)=>{try{return!!RegExp(`(?<=1)(?<!1)`+e)}catch{return!1}})(),V={codeRemoveIndent:/^(?: {0,3}\t| {1,4})/gm,listInterruptsParagraph:/^ {0,3}(?:[*+-]|1[.)])[ \t]+[^ \t\n]/,outputLinkReplace:/\\([\[\]])/g,indentCodeCompensation:/^(\s+)(?:```)/,beginningSpace:/^\s+/,endingHash:/#$/,startingSpaceChar:/^ /,endingSpaceChar:/ $/,endingSpaceTabChar:/[ \t]$/,nonSpaceChar:/[^ ]/,newLineCharGlobal:/\n/g,tabCharGlobal:/\t/g,leadingSpaceTab:/^[ \t]+/,multipleSpaceGlobal:/\s+/g,blankLine:/^[ \t]*$/,doubleBlankLine:/\n[ \t]*\n[ \t]*$/,blockquoteStart:/^ {0,3}>/,blockquoteSetextReplace:/\n {0,3}((?:=+|-+)[ \t]*)(?=\n|$)/g,blockquoteSetextReplace2:/^ {0,3}>[ \t]?/gm,blockquoteMarkerWhitespace:/^( {0,3}>)(\t[ \t]*)/gm,nestedBlockMarker:/^ {0,3}(?:(?:[*+-]|\d{1,9}[.)])(?: |$)|> ?)/,listReplaceNesting:/^ {1,4}(?=( {4})*[^ ])/g,listIsTask:/^\[[ xX]\][ \t]+\S/,listReplaceTask:/^\[[ xX]\][ \t]+/,listTaskCheckbox:/\[[ xX]\]/,anyLine:/\n.*\n/,hrefBrackets:/^<(.*)>$/,tableDelimiter:/[:|]/,tableAlignChars:/^\||\| *$/g,tableRowBlankLine:/\n[ \t]*$/,tableAlignRight:/^ *-+: *$/,tableAlignCenter:/^ *:-+: *$/,tableAlignLeft:/^ *:-+ *$/,startATag:/^<a /i,endATag:/^<\/a>/i,startPreScriptTag:/^<(pre|code|kbd|script)(\s|>)/i,endPreScriptTag:/^<\/(pre|code|kbd|script)(\s|>)/i,startAngleBracket:/^</,endAngleBracket:/>$/,pedanticHrefTitle:/^([^'"]*[^\s])\s+(['"])(.*)\2/,unicodeAlphaNumeric:/[\p{L}\p{N}]/u,numericCharacterReference:/&#(?:(\d{1,7})|[Xx]([A-Fa-f0-9]{1,6}));/,numericCharacterReferenceOrAmpersand:/&#(?:(\d{1,7})|[Xx]([A-Fa-f0-9]{1,6}));|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/g,escapeTest:/[&<>"']/,escapeReplace:/[&<>"']/g,escapeTestNoEncode:/[<>"']|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/,escapeReplaceNoEncode:/[<>"']|&(?!(#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);)/g,caret:/(^|[^\[])\^/g,percentDecode:/%25/g,findPipe:/\|/g,splitPipe:/ \|/,slashPipe:/\\\|/g,carriageReturn:/\r\n|\r/g,spaceLine:/^ +$/gm,notSpaceStart:/^\S*/,endingNewline:/\n$/,listItemRegex:e=>RegExp(`^( {0,3}${e})((?:[	 ][^\\n]*)?(?:\\n|$))`),nextBulletRegex:un(e=>RegExp(`^ {0,${e}}(?:[*+-]|\\d{1,9}[.)])((?:[ 	][^\\n]*)?(?:\\n|$))`)),hrRegex:un(e=>RegExp(`^ {0,${e}}((?:-[ 	]*){3,}|(?:_[ 	]*){3,}|(?:\\*[ 	]*){3,})(?:\\n+|$)`)),fencesBeginRegex:un(e=>RegExp(`^ {0,${e}}(?:\`\`\`|~~~)`)),headingBeginRegex:un(e=>RegExp(`^ {0,${e}}#{1,6}(?:\\s|$)`)),pedanticHeadingBeginRegex:un(e=>RegExp(`^ {0,${e}}#`)),htmlBeginRegex:un(e=>RegExp(`^ {0,${e}}(?:</?(?:${vn})(?:[ \\t]+|$|/?>)|<(?:(?:script|pre|style|textarea)(?:[\\s>]|$)|!--)|<\\?|<![A-Za-z]|<!\\[CDATA\\[)`,`i`)),blockquoteBeginRegex:un(e=>RegExp(`^ {0,${e}}>`)),nestedContainerMarkers:/^(?: {0,3}(?:(?:[*+-]|\d{1,9}[.)])[ \t]+|>[ \t]?))+/},fn=/^(?:[ \t]*(?:\n|$))+/,pn=/^((?: {4}| {0,3}\t)[^\n]+(?:\n(?:[ \t]*(?:\n|$))*)?)+/,mn=/^ {0,3}(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)(?:\n|$)(?:|([\s\S]*?)(?:\n|$))(?: {0,3}(?:(?=`)\1`*|(?=~)\1~*) *(?=\n|$)|$)/,hn=/^ {0,3}((?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/,gn=/^ {0,3}(#{1,6})(?=\s|$)(.*)(?:\n+|$)/,_n=/ {0,3}(?:[*+-]|\d{1,9}[.)])/,vn=`address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|meta|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul`,yn=B(` {0,3}(?:</?(?:tag)(?:[ \\t]+|\\n|/?>)|<(?:(?:script|pre|style|textarea)(?:[\\s>]|$)|!--)|<\\?|<![A-Za-z]|<!\\[CDATA\\[)`).replace(`tag`,vn).getRegex(),bn=/^(?!bull |blockCode|fences|blockquote|heading|html|table)((?:.|\n(?!\s*?\n|bull |fences|blockquote|heading|hr|html|table))+?)\n {0,3}(=+|-+)[ \t]*(?:\n+|$)/,xn=B(bn).replace(/bull/g,_n).replace(/blockCode/g,/(?: {4}| {0,3}\t)/).replace(/fences/g,/ {0,3}(?:`{3,}|~{3,})/).replace(/blockquote/g,/ {0,3}>/).replace(/heading/g,/ {0,3}#{1,6}(?:\s|$)/).replace(/hr/g,/ {0,3}(?:(?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/).replace(/\|table/g,``).replace(/html/g,yn).getRegex(),Sn=B(bn).replace(/bull/g,_n).replace(/blockCode/g,/(?: {4}| {0,3}\t)/).replace(/fences/g,/ {0,3}(?:`{3,}|~{3,})/).replace(/blockquote/g,/ {0,3}>/).replace(/heading/g,/ {0,3}#{1,6}(?:\s|$)/).replace(/hr/g,/ {0,3}(?:(?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n+|$)/).replace(/table/g,/ {0,3}\|?(?:[:\- ]*\|)+[\:\- ]*\n/).replace(/html/g,yn).getRegex(),Cn=/^([^\n]+(?:\n(?!hr|heading|lheading|blockquote|fences|list|html|table|[ \t]+\n)[^\n]+)*)/,wn=/^[^\n]+/,Tn=/(?!\s*\])(?:\\[\s\S]|[^\[\]\\\n]|\n(?![ \t]*\n))+/,En=B(/^ {0,3}\[(label)\]: *(?:\n[ \t]*)?([^<\s][^\s]*|<(?:\\.|[^\n<>\\])*>)(?:(?: +(?:\n[ \t]*)?| *\n[ \t]*)(title))? *(?:\n+|$)/).replace(`label`,Tn).replace(`title`,/(?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\\n]|\n(?!\n))*'|\((?:\\[\s\S]|[^()\\])*\))/).getRegex(),Dn=B(/^(bull)([ \t][^\n]*?)?(?:\n|$)/).replace(/bull/g,_n).getRegex(),On=/<!--(?:-?>|[\s\S]*?(?:-->|$))/,kn=B(`^ {0,3}(?:<(script|pre|style|textarea)[\\s>][\\s\\S]*?(?:</\\1>[^\\n]*\\n*|$)|comment[^\\n]*(\\n+|$)|<\\?[\\s\\S]*?(?:\\?>[^\\n]*\\n*|$)|<![A-Z][\\s\\S]*?(?:>[^\\n]*\\n*|$)|<!\\[CDATA\\[[\\s\\S]*?(?:\\]\\]>[^\\n]*\\n*|$)|</?(tag)(?:[ \\t]+|\\n|/?>|$)[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$)|<(?!(?:script|pre|style|textarea)(?![a-z0-9-]))([a-z][a-z0-9-]*)(?:attribute)*?[ \\t]*/?>(?=[ \\t]*(?:\\n|$))[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$)|</[a-z][a-z0-9-]*\\s*>(?=[ \\t]*(?:\\n|$))[\\s\\S]*?(?:(?:\\n[ 	]*)+\\n|$))`,`i`).replace(`comment`,On).replace(`tag`,vn).replace(`attribute`,/[ \t]+[a-zA-Z:_][\w.:-]*(?:[ \t]*=[ \t]*"[^"\n]*"|[ \t]*=[ \t]*'[^'\n]*'|[ \t]*=[ \t]*[^\s"'=<>`]+)?/).getRegex(),An=e=>B(Cn).replace(`hr`,hn).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`|lheading`,``).replace(`|table`,``).replace(`blockquote`,` {0,3}>`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,e).replace(`html`,yn).getRegex(),jn=An(/ {0,3}(?:[*+-]|1[.)])[ \t]+[^ \t\n]/),Mn=An(/ {0,3}(?:[*+-]|\d{1,9}[.)])(?:[ \t]|\n|$)/),Nn={blockquote:B(/^( {0,3}> ?(?:(?![ \t]*(?:\n|$))(paragraph)|[^\n]*)(?:\n|$))+/).replace(`paragraph`,Mn).getRegex(),code:pn,def:En,fences:mn,heading:gn,hr:hn,html:kn,lheading:xn,list:Dn,newline:fn,paragraph:jn,table:ln,text:wn},Pn=B(`^ *([^\\n ].*)\\n {0,3}((?:\\| *)?:?-+:? *(?:\\| *:?-+:? *)*(?:\\| *)?)(?:\\n((?:(?! *\\n|hr|heading|blockquote|code|fences|list|html).*(?:\\n|$))*)\\n*|$)`).replace(`hr`,hn).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`blockquote`,` {0,3}>`).replace(`code`,`(?: {4}| {0,3}	)[^\\n]`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,` {0,3}(?:[*+-]|1[.)])[ \\t]`).replace(`html`,yn).getRegex(),Fn={...Nn,lheading:Sn,table:Pn,paragraph:B(Cn).replace(`hr`,hn).replace(`heading`,` {0,3}#{1,6}(?:\\s|$)`).replace(`|lheading`,``).replace(`table`,Pn).replace(`blockquote`,` {0,3}>`).replace(`fences`," {0,3}(?:`{3,}(?=[^`\\n]*(?:\\n|$))|~~~)[^\\n]*(?:\\n|$)").replace(`list`,` {0,3}(?:[*+-]|1[.)])[ \\t]+[^ \\t\\n]`).replace(`html`,yn).getRegex()},In={...Nn,html:B(`^ *(?:comment(?: *\\n|\\s*$)|<(tag)[\\s\\S]+?</\\1>(?: *\\n{2,}|\\s*$)|<tag(?:"[^"]*"|'[^']*'|\\s[^'"/>\\s]*)*?/?>(?: *\\n{2,}|\\s*$))`).replace(`comment`,On).replace(/tag/g,`(?!(?:a|em|strong|small|s|cite|q|dfn|abbr|data|time|code|var|samp|kbd|sub|sup|i|b|u|mark|ruby|rt|rp|bdi|bdo|span|br|wbr|ins|del|img)\\b)\\w+(?!:|[^\\w\\s@]*@)\\b`).getRegex(),def:/^ *\[([^\]]+)\]: *<?([^\s>]+)>?(?: +(["(][^\n]+[")]))? *(?:\n+|$)/,heading:/^(#{1,6})(.*)(?:\n+|$)/,fences:ln,lheading:/^(.+?)\n {0,3}(=+|-+) *(?:\n+|$)/,paragraph:B(Cn).replace(`hr`,hn).replace(`heading`,` *#{1,6} *[^
]`).replace(`|table`,``).replace(`blockquote`,` {0,3}>`).replace(`|fences`,``).replace(`|list`,``).replace(`|html`,``).replace(`|tag`,``).replace(`lheading`,xn).getRegex()},Ln=/^\\([!"#$%&'()*+,\-./:;<=>?@\[\]\\^_`{|}~])/,Rn=/^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/,zn=/^( {2,}|\\)\n(?!\s*$)[ \t]*/,Bn=/^(`+|[^`])(?:(?= {2,}\n)|[\s\S]*?(?:(?=[\\<!\[`*_]|\b_|$)|[^ ](?= {2,}\n)))/,Vn=/[\p{P}\p{S}]/u,Hn=/[\s\p{P}\p{S}]/u,Un=/[^\s\p{P}\p{S}]/u,Wn=B(/^((?![*_])punctSpace)/,`u`).replace(/punctSpace/g,Hn).getRegex(),Gn=/[\p{Pi}\p{Ps}"']/u,Kn=/(?!~)[\p{P}\p{S}]/u,qn=/(?!~)[\s\p{P}\p{S}]/u,Jn=/(?:[^\s\p{P}\p{S}]|~)/u,Yn=B(/link|precode-code|html/,`g`).replace(`link`,/\[(?:[^\[\]`]|(?<a>`+)[^`]+\k<a>(?!`))*?\]\((?:\\[\s\S]|[^\\\(\)]|\((?:\\[\s\S]|[^\\\(\)])*\))*\)/).replace(`precode-`,dn?"(?<!`)()":"(^^|[^`])").replace(`code`,/(?<b>`+)[^`]+\k<b>(?!`)/).replace(`html`,/<(?! )[^<>]*?>/).getRegex(),Xn=/^(?:\*+(?:((?!\*)punct)|([^\s*]))?)|^_+(?:((?!_)punct)|([^\s_]))?/,Zn=B(Xn,`u`).replace(/punct/g,Vn).getRegex(),Qn=B(Xn,`u`).replace(/punct/g,Kn).getRegex(),$n=B(/^(?:\*+(?:((?!\*)(?!openQuote)punct)|([^\s*]))?)|^_+(?:((?!_)(?!openQuote)punct)|([^\s_]))?/,`u`).replace(/openQuote/g,Gn).replace(/punct/g,Vn).getRegex(),er=`^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)|[^*]+(?=[^*])|(?!\\*)punct(\\*+)(?=[\\s]|$)|notPunctSpace(\\*+)(?!\\*)(?=punctSpace|$)|(?!\\*)punctSpace(\\*+)(?=notPunctSpace)|[\\s](\\*+)(?!\\*)(?=punct)|(?!\\*)punct(\\*+)(?!\\*)(?=punct)|notPunctSpace(\\*+)(?=notPunctSpace)`,tr=B(er,`gu`).replace(/notPunctSpace/g,Un).replace(/punctSpace/g,Hn).replace(/punct/g,Vn).getRegex(),nr=B(er,`gu`).replace(/notPunctSpace/g,Jn).replace(/punctSpace/g,qn).replace(/punct/g,Kn).getRegex(),rr=B(`^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)|[^*]+(?=[^*])|(?!\\*)punct(\\*+)(?=[\\s]|$)|notPunctSpace(\\*+)(?!\\*)(?=punctSpace|$)|(?!\\*)[\\s](\\*+)(?=notPunctSpace)|[\\s](\\*+)(?!\\*)(?=punct)|(?!\\*)punct(\\*+)(?!\\*)(?=punct)|(?:(?!\\*)punct|notPunctSpace)(\\*+)(?!\\*)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,Un).replace(/punctSpace/g,Hn).replace(/punct/g,Vn).getRegex(),ir=B(`^[^_*]*?\\*\\*[^_*]*?_[^_*]*?(?=\\*\\*)|[^_]+(?=[^_])|(?!_)punct(_+)(?=[\\s]|$)|notPunctSpace(_+)(?!_)(?=punctSpace|$)|(?!_)punctSpace(_+)(?=notPunctSpace)|[\\s](_+)(?!_)(?=punct)|(?!_)punct(_+)(?!_)(?=punct)`,`gu`).replace(/notPunctSpace/g,Un).replace(/punctSpace/g,Hn).replace(/punct/g,Vn).getRegex(),ar=B(`^[^_*]*?\\*\\*[^_*]*?_[^_*]*?(?=\\*\\*)|[^_]+(?=[^_])|(?!_)punct(_+)(?=[\\s]|$)|notPunctSpace(_+)(?!_)(?=punctSpace|$)|(?!_)[\\s](_+)(?=notPunctSpace)|[\\s](_+)(?!_)(?=punct)|(?!_)punct(_+)(?!_)(?=punct)|(?:(?!_)punct|notPunctSpace)(_+)(?!_)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,Un).replace(/punctSpace/g,Hn).replace(/punct/g,Vn).getRegex(),or=B(/^~~?(?:((?!~)punct)|[^\s~])/,`u`).replace(/punct/g,Vn).getRegex(),sr=B(`^[^~]+(?=[^~])|(?!~)punct(~~?)(?=[\\s]|$)|notPunctSpace(~~?)(?!~)(?=punctSpace|$)|(?!~)punctSpace(~~?)(?=notPunctSpace)|[\\s](~~?)(?!~)(?=punct)|(?!~)punct(~~?)(?!~)(?=punct)|notPunctSpace(~~?)(?=notPunctSpace)`,`gu`).replace(/notPunctSpace/g,Un).replace(/punctSpace/g,Hn).replace(/punct/g,Vn).getRegex(),cr=B(/\\(punct)/,`gu`).replace(/punct/g,Vn).getRegex(),lr=B(/(`+)(?:[^`]|[^`][\s\S]*?[^`])\1(?!`)|`+|\\(punct)/,`gu`).replace(/punct/g,Vn).getRegex(),ur=B(/^<(scheme:[^\s\x00-\x1f<>]*|email)>/).replace(`scheme`,/[a-zA-Z][a-zA-Z0-9+.-]{1,31}/).replace(`email`,/[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+(@)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+(?![-_])/).getRegex(),dr=B(On).replace(`(?:-->|$)`,`-->`).getRegex(),fr=B(`^comment|^</[a-zA-Z][a-zA-Z0-9-]*\\s*>|^<[a-zA-Z][a-zA-Z0-9-]*(?:attribute)*?\\s*/?>|^<\\?[\\s\\S]*?\\?>|^<![a-zA-Z]+\\s[\\s\\S]*?>|^<!\\[CDATA\\[[\\s\\S]*?\\]\\]>`).replace(`comment`,dr).replace(`attribute`,/\s+[a-zA-Z:_][\w.:-]*(?:\s*=\s*"[^"]*"|\s*=\s*'[^']*'|\s*=\s*[^\s"'=<>`]+)?/).getRegex(),pr=/\[(?:\\[\s\S]|[^\[\]\\])*\]/,mr=B(/(?:\[(?:brackets|\\[\s\S]|[^\[\]\\])*\]|\\[\s\S]|`+(?!`)[^`]*?`+(?!`)|``+(?=\])|[^\[\]\\`])*?/).replace(`brackets`,pr).getRegex(),hr=B(/^!?\[(label)\]\([ \t\n]*(href)(?:(?:[ \t]+(?:\n[ \t]*)?|\n[ \t]*)(title))?[ \t\n]*\)/).replace(`label`,mr).replace(`href`,/<(?:\\.|[^\n<>\\])*>|(?!<)[^ \t\n\x00-\x1f]+|(?=\))/).replace(`title`,/"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\((?:\\[\s\S]|[^)\\])*\)/).getRegex(),gr=B(/^!?\[(label)\]\[(ref)\]/).replace(`label`,mr).replace(`ref`,Tn).getRegex(),_r=B(/^!?\[(ref)\](?:\[\])?/).replace(`ref`,Tn).getRegex(),vr=/(?!\s*\])(?:\\[\s\S]|[^\[\]\\]){1,999}/,yr=B(/(?:[^\[\]\\`]*(?:\[(?:brackets|\\[\s\S]|[^\[\]\\])*\]|\\[\s\S]|`+(?!`)[^`]*?`+(?!`)|``+(?=\]))){0,999}?[^\[\]\\`]*?/).replace(`brackets`,pr).getRegex(),br=B(`reflink|nolink(?!\\()`,`g`).replace(`reflink`,B(/^!?\[(label)\]\[(ref)\]/).replace(`label`,yr).replace(`ref`,vr).getRegex()).replace(`nolink`,B(/^!?\[(ref)\](?:\[\])?/).replace(`ref`,vr).getRegex()).getRegex(),xr=/[hH][tT][tT][pP][sS]?|[fF][tT][pP]/,Sr=B(/(?:mailto:email|xmpp:email(?:\/[A-Za-z0-9@.]+)?)/).replace(/email/g,/[A-Za-z0-9._+-]+@[a-zA-Z0-9-_]+(?:\.[a-zA-Z0-9-_]*[a-zA-Z0-9])+(?![\w-])/).getRegex(),Cr={_backpedal:ln,anyPunctuation:cr,anyPunctuationOutsideCode:lr,autolink:ur,blockSkip:Yn,br:zn,code:Rn,del:ln,delLDelim:ln,delRDelim:ln,emStrongLDelim:Zn,emStrongRDelimAst:tr,emStrongRDelimUnd:ir,escape:Ln,link:hr,nolink:_r,punctuation:Wn,reflink:gr,reflinkSearch:br,tag:fr,text:Bn,url:ln},wr={...Cr,emStrongLDelim:$n,emStrongRDelimAst:rr,emStrongRDelimUnd:ar,link:B(/^!?\[(label)\]\((.*?)\)/).replace(`label`,mr).getRegex(),reflink:B(/^!?\[(label)\]\s*\[([^\]]*)\]/).replace(`label`,mr).getRegex()},Tr={...Cr,emStrongRDelimAst:nr,emStrongLDelim:Qn,delLDelim:or,delRDelim:sr,url:B(/^emailProtocol|^((?:protocol):\/\/|www\.)(?:[a-zA-Z0-9\-]+\.?)+[^\s<]*|^email/).replace(`emailProtocol`,Sr).replace(`protocol`,xr).replace(`email`,/[A-Za-z0-9._+-]+(@)[a-zA-Z0-9-_]+(?:\.[a-zA-Z0-9-_]*[a-zA-Z0-9])+(?![\w-])/).getRegex(),_backpedal:/(?:[^?!.,:;*_'"~()&]+|\([^)]*\)|&(?![a-zA-Z0-9]+;$)|[?!.,:;*_'"~)]+(?!$))+/,del:/^(~~?)(?=[^\s~])((?:\\[\s\S]|[^\\])*?(?:\\[\s\S]|[^\s~\\]))\1(?=[^~]|$)/,text:B(/^(?:[^a-zA-Z0-9](?=emailProtocol)|(`+|~+|[^`~])(?:(?=[`~])|(?= {2,}\n)|(?=[a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-]+@)|[\s\S]*?(?:(?=[\\<!\[`*~_]|\b_|protocol:\/\/|wwwStart|$)|[^ ](?= {2,}\n)|[^a-zA-Z0-9](?=emailProtocol)|[^a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-](?=[a-zA-Z0-9.!#$%&'*+\/=?_`{\|}~-]+@))))/).replace(`protocol`,xr).replace(/emailProtocol/g,/(?:mailto|xmpp):/).replace(`wwwStart`,dn?`(?<![^\\s*_~(])www\\.`:`www\\.`).getRegex()},Er={...Tr,br:B(zn).replace(`{2,}`,`*`).getRegex(),text:B(Tr.text).replace(`\\b_`,`\\b_| {2,}\\n`).replace(/\{2,\}/g,`*`).getRegex()},Dr={normal:Nn,gfm:Fn,pedantic:In},Or={normal:Cr,gfm:Tr,breaks:Er,pedantic:wr},kr={"&":`&amp;`,"<":`&lt;`,">":`&gt;`,'"':`&quot;`,"'":`&#39;`},Ar=e=>kr[e];function H(e,t){if(t){if(V.escapeTest.test(e))return e.replace(V.escapeReplace,Ar)}else if(V.escapeTestNoEncode.test(e))return e.replace(V.escapeReplaceNoEncode,Ar);return e}function jr(e){return V.numericCharacterReference.test(e)?e.replace(V.numericCharacterReferenceOrAmpersand,(e,t,n)=>{if(t===void 0&&n===void 0)return`&amp;`;let r=t===void 0?Number.parseInt(n,16):Number.parseInt(t,10);return r===0||r>1114111||r>=55296&&r<=57343?`�`:r===38?`&amp;`:String.fromCodePoint(r)}):e}function Mr(e){try{e=encodeURI(e).replace(V.percentDecode,`%`)}catch{return null}return e}function Nr(e,t){let n=e.replace(V.findPipe,(e,t,n)=>{let r=!1,i=t;for(;--i>=0&&n[i]===`\\`;)r=!r;return r?`|`:` |`}).split(V.splitPipe),r=0;if(n[0].trim()||n.shift(),n.length>0&&!n.at(-1)?.trim()&&n.pop(),t){if(n.length>t)n.splice(t);else for(;n.length<t;)n.push(``)}for(;r<n.length;r++)n[r]=n[r].trim().replace(V.slashPipe,`|`);return n}function Pr(e,t,n){let r=e.length;if(r===0)return``;let i=0;for(;i<r;){let a=e.charAt(r-i-1);if(a===t&&!n)i++;else if(a!==t&&n)i++;else break}return e.slice(0,r-i)}function Fr(e){let t=e.split(`
`),n=t.length-1;for(;n>=0&&V.blankLine.test(t[n]);)n--;return t.length-n<=2?e:t.slice(0,n+1).join(`
`)}function Ir(e){return e.trim().replace(V.multipleSpaceGlobal,` `).toLowerCase().toUpperCase().toLowerCase()}function Lr(e,t){if(e.indexOf(t[0])===-1&&e.indexOf(t[1])===-1)return-1;let n=0;for(let r=0;r<e.length;r++)if(e[r]===`\\`)r++;else if(e[r]===t[0])n++;else if(e[r]===t[1]&&(n--,n<0))return r;return n>0?-2:-1}var Rr=new WeakMap;function zr(e){let t={"*":-1,_:-1},n=-1,r=e.length;for(let i=0;i<r;i++){let a=e[i];if(a!==`*`&&a!==`_`&&a!==`~`)continue;let o=i===0?`
`:e[i-1],s=i+1;for(;s<r&&e[s]===a;)s++;o!==` `&&o!==`	`&&o!==`
`&&o!==`\r`&&o!==`\f`&&(a===`~`?n=i:t[a]=i),i=s-1}return{maskedSrc:e,lastPossibleEmStrongCloserIndex:t,lastPossibleDelCloserIndex:n}}function Br(e,t){let n=zr(t),r=Rr.get(e);r?r.push(n):Rr.set(e,[n])}function Vr(e){let t=Rr.get(e);t&&(t.pop(),t.length===0&&Rr.delete(e))}function Hr(e,t,n){let r=Rr.get(e)?.at(-1);return r&&r.maskedSrc===t?r.lastPossibleEmStrongCloserIndex[n]:zr(t).lastPossibleEmStrongCloserIndex[n]}function Ur(e,t){let n=Rr.get(e)?.at(-1);return n&&n.maskedSrc===t?n.lastPossibleDelCloserIndex:zr(t).lastPossibleDelCloserIndex}function Wr(e,t=0){let n=t,r=``;for(let t of e)if(t===`	`){let e=4-n%4;r+=` `.repeat(e),n+=e}else r+=t,n++;return r}function Gr(e,t){let n=``;for(let r=0;r<e.length;r++){if(e[r]==="`"){let i=t.inline.code.exec(e.slice(r));if(i){n+=i[0],r+=i[0].length-1;continue}}e[r]===`\\`&&(e[r+1]===`[`||e[r+1]===`]`)?(n+=e[r+1],r++):n+=e[r]}return n}function Kr(e,t,n,r,i){let a=t.href,o=t.title||null,s=Gr(e[1],i),c=e[0].charAt(0)===`!`,l=r.state.inLink,u=r.state.linkEmitted,d=r.state.inRawBlock;r.state.inLink=!0,r.state.linkEmitted=!1;let f=r.inlineTokens(s),p=r.state.linkEmitted;if(r.state.linkEmitted=u,r.state.inLink=l,!c){if(p){r.state.inRawBlock=d;return}r.state.linkEmitted=!0}return{type:c?`image`:`link`,raw:n,href:a,title:o,text:s,tokens:f}}function qr(e,t,n){let r=e.match(n.other.indentCodeCompensation);if(r===null)return t;let i=r[1];return t.split(`
`).map(e=>{let t=e.match(n.other.beginningSpace);if(t===null)return e;let[r]=t;return e.slice(Math.min(r.length,i.length))}).join(`
`)}function Jr(e,t,n,r){if(!t.includes(`<`))return!1;for(let i=0;i<t.length;i++){if(t[i]===`\\`){i++;continue}if(t[i]==="`"){let e=r.inline.code.exec(t.slice(i));if(e){i+=e[0].length-1;continue}}if(t[i]!==`<`)continue;let a=e.slice(n+i),o=r.inline.tag.exec(a)||r.inline.autolink.exec(a);if(o){if(o[0].length>t.length-i)return!0;i+=o[0].length-1}}return!1}var Yr=class{options;rules;lexer;constructor(e){this.options=e||sn}space(e){let t=this.rules.block.newline.exec(e);if(t&&t[0].length>0)return{type:`space`,raw:t[0]}}code(e){let t=this.rules.block.code.exec(e);if(t){let e=this.options.pedantic?t[0]:Fr(t[0]);return{type:`code`,raw:e,codeBlockStyle:`indented`,text:e.replace(this.rules.other.codeRemoveIndent,``)}}}fences(e){let t=this.rules.block.fences.exec(e);if(t){let e=t[0],n=qr(e,t[3]||``,this.rules);return t[3]!==void 0&&(n===``||n.endsWith(`
`))&&(n+=`
`),{type:`code`,raw:e,lang:t[2]?t[2].trim().replace(this.rules.inline.anyPunctuation,`$1`):t[2],text:n}}}heading(e){let t=this.rules.block.heading.exec(e);if(t){let e=t[2].trim();if(this.rules.other.endingHash.test(e)){let t=Pr(e,`#`);(this.options.pedantic||!t||this.rules.other.endingSpaceTabChar.test(t))&&(e=t.trim())}return{type:`heading`,raw:Pr(t[0],`
`),depth:t[1].length,text:e,tokens:this.lexer.inline(e)}}}hr(e){let t=this.rules.block.hr.exec(e);if(t)return{type:`hr`,raw:Pr(t[0],`
`)}}blockquote(e){let t=this.rules.block.blockquote.exec(e);if(t){let e=Pr(t[0],`
`).split(`
`),n=``,r=``,i=[];for(;e.length>0;){let t=!1,a=[],o=0;for(;o<e.length;o++)if(this.rules.other.blockquoteStart.test(e[o]))a.push(e[o]),t=!0;else if(!t)a.push(e[o]);else break;e=e.slice(o);let s=a.join(`
`),c=s.replace(this.rules.other.blockquoteMarkerWhitespace,(e,t,n)=>n.startsWith(` `)?t+` `+n.slice(1):t+Wr(n,t.length)).replace(this.rules.other.blockquoteSetextReplace,`
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
`,1)[0],d=t[1].length,f=this.options.pedantic?Wr(u,d):u.replace(this.rules.other.leadingSpaceTab,e=>Wr(e,d)),p=e.split(`
`,1)[0],m=!f.trim(),h=0;if(this.options.pedantic?(h=2,a=f.trimStart()):m?h=d+1:(h=f.search(this.rules.other.nonSpaceChar),h=h>4?1:h,a=f.slice(h),h+=d),m&&this.rules.other.blankLine.test(p)&&(e=e.substring(p.length+1),i=!0),!i){let t=this.rules.other.nextBulletRegex(h),n=this.rules.other.hrRegex(h),r=this.rules.other.fencesBeginRegex(h),i=this.options.pedantic?this.rules.other.pedanticHeadingBeginRegex(h):this.rules.other.headingBeginRegex(h),o=this.rules.other.htmlBeginRegex(h),s=this.rules.other.blockquoteBeginRegex(h),c=!1;for(;e;){let l=e.split(`
`,1)[0],u;if(p=l,this.options.pedantic?(p=p.replace(this.rules.other.listReplaceNesting,`  `),u=p):u=p.replace(this.rules.other.leadingSpaceTab,e=>Wr(e)),r.test(p)||i.test(p)||o.test(p)||s.test(p)||t.test(p)||n.test(p))break;if(u.search(this.rules.other.nonSpaceChar)>=h||!p.trim())a+=`
`+u.slice(h),c=!1;else{if(m)break;let e=f;if(!this.options.pedantic&&!a.includes(`
`)&&!f.includes(`	`)){let t;for(;!n.test(e)&&(t=this.rules.other.nestedBlockMarker.exec(e));)e=e.slice(t[0].length);if(!e.trim())break}if(e.replace(this.rules.other.tabCharGlobal,`    `).search(this.rules.other.nonSpaceChar)>=4||r.test(e)||i.test(e)||o.test(e)||n.test(e))break;if(!this.options.pedantic&&!c){let e=f.replace(this.rules.other.nestedContainerMarkers,``);if(this.rules.block.fences.test(e)||this.rules.block.heading.test(e)||this.rules.block.hr.test(e))break}let t=!this.options.pedantic&&/^ {0,3}(?:=+|-+) *$/.test(p)&&this.rules.block.lheading.test(`${f}
${p}`)?`    ${u.replace(/^ {0,3}/,``)}`:p;a+=`
`+t,c=!0}m=!p.trim(),e=e.substring(l.length+1),f=u.slice(h)}}let ee=n.slice(l,r());o.loose||(c?o.loose=!0:this.rules.other.doubleBlankLine.test(ee)&&(c=!0)),o.items.push({type:`list_item`,raw:ee,task:!!this.options.gfm&&this.rules.other.listIsTask.test(a),loose:!1,text:a,tokens:[]})}let l=o.items.at(-1);if(l)l.raw=l.raw.trimEnd(),l.text=l.text.trimEnd();else return;o.raw=n.slice(0,r()).trimEnd();let u=[];for(let e of o.items)if(this.lexer.state.top=!1,u.push(this.lexer.inlineQueue.length),e.tokens=this.lexer.blockTokens(e.text,[]),!o.loose){let t=e.tokens.filter(e=>e.type===`space`);o.loose=t.length>0&&t.some(e=>this.rules.other.anyLine.test(e.raw))}for(let e=0;e<o.items.length;e++){let t=o.items[e],n=t.tokens[0];if(t.task&&(n?.type===`text`||n?.type===`paragraph`)){t.text=t.text.replace(this.rules.other.listReplaceTask,``),n.raw=n.raw.replace(this.rules.other.listReplaceTask,``),n.text=n.text.replace(this.rules.other.listReplaceTask,``);let r=this.lexer.inlineQueue;for(let t=u[e];t<r.length;t++)if(r[t].tokens===n.tokens){r[t].src=r[t].src.replace(this.rules.other.listReplaceTask,``);break}let i=this.rules.other.listTaskCheckbox.exec(t.raw);if(i){let e={type:`checkbox`,raw:i[0]+` `,checked:i[0]!==`[ ]`};t.checked=e.checked,o.loose?t.tokens[0]&&[`paragraph`,`text`].includes(t.tokens[0].type)&&`tokens`in t.tokens[0]&&t.tokens[0].tokens?(t.tokens[0].raw=e.raw+t.tokens[0].raw,t.tokens[0].text=e.raw+t.tokens[0].text,t.tokens[0].tokens.unshift(e)):t.tokens.unshift({type:`paragraph`,raw:e.raw,text:e.raw,tokens:[e]}):t.tokens.unshift(e)}}else t.task&&=!1}if(o.loose)for(let e of o.items){e.loose=!0;for(let t of e.tokens)t.type===`text`&&(t.type=`paragraph`)}return o}}html(e){let t=this.rules.block.html.exec(e);if(t){if(this.lexer.state.lastToken?.type===`paragraph`&&!this.rules.other.htmlBeginRegex(4).test(e))return;let n=Fr(t[0]);return{type:`html`,block:!0,raw:n,pre:t[1]===`pre`||t[1]===`script`||t[1]===`style`,text:n}}}def(e){let t=this.rules.block.def.exec(e);if(t){if(!this.rules.other.startAngleBracket.test(t[2])&&Lr(t[2],`()`)!==-1)return;let e=Ir(t[1]),n=t[2]?t[2].replace(this.rules.other.hrefBrackets,`$1`).replace(this.rules.inline.anyPunctuation,`$1`):``,r=t[3]?t[3].substring(1,t[3].length-1).replace(this.rules.inline.anyPunctuation,`$1`):t[3];return{type:`def`,tag:e,raw:Pr(t[0],`
`),href:n,title:r}}}table(e){let t=this.rules.block.table.exec(e);if(!t||!this.rules.other.tableDelimiter.test(t[2]))return;let n=Nr(t[1]),r=t[2].replace(this.rules.other.tableAlignChars,``).split(`|`),i=t[3]?.trim()?t[3].replace(this.rules.other.tableRowBlankLine,``).split(`
`):[],a={type:`table`,raw:Pr(t[0],`
`),header:[],align:[],rows:[]};if(n.length===r.length){for(let e of r)this.rules.other.tableAlignRight.test(e)?a.align.push(`right`):this.rules.other.tableAlignCenter.test(e)?a.align.push(`center`):this.rules.other.tableAlignLeft.test(e)?a.align.push(`left`):a.align.push(null);for(let e=0;e<n.length;e++)a.header.push({text:n[e],tokens:this.lexer.inline(n[e]),header:!0,align:a.align[e]});for(let e of i)a.rows.push(Nr(e,a.header.length).map((e,t)=>({text:e,tokens:this.lexer.inline(e),header:!1,align:a.align[t]})));return a}}lheading(e){let t=this.rules.block.lheading.exec(e);if(t){let e=t[1].trim();return{type:`heading`,raw:Pr(t[0],`
`),depth:t[2].charAt(0)===`=`?1:2,text:e,tokens:this.lexer.inline(e)}}}paragraph(e){let t=this.rules.block.paragraph.exec(e);if(t){let e=t[1].charAt(t[1].length-1)===`
`?t[1].slice(0,-1):t[1];return{type:`paragraph`,raw:t[0],text:e,tokens:this.lexer.inline(e)}}}text(e){let t=this.rules.block.text.exec(e);if(t)return{type:`text`,raw:t[0],text:t[0],tokens:this.lexer.inline(t[0])}}escape(e){if(e.charCodeAt(0)!==92)return;let t=this.rules.inline.escape.exec(e);if(t)return{type:`escape`,raw:t[0],text:t[1]}}tag(e){if(e.charCodeAt(0)!==60)return;let t=this.rules.inline.tag.exec(e);if(t)return!this.lexer.state.inLink&&this.rules.other.startATag.test(t[0])?this.lexer.state.inLink=!0:this.lexer.state.inLink&&this.rules.other.endATag.test(t[0])&&(this.lexer.state.inLink=!1),!this.lexer.state.inRawBlock&&this.rules.other.startPreScriptTag.test(t[0])?this.lexer.state.inRawBlock=!0:this.lexer.state.inRawBlock&&this.rules.other.endPreScriptTag.test(t[0])&&(this.lexer.state.inRawBlock=!1),{type:`html`,raw:t[0],inLink:this.lexer.state.inLink,inRawBlock:this.lexer.state.inRawBlock,block:!1,text:t[0]}}link(e){if(this.lexer.state.linkParenPossible===!1)return;let t=e.charCodeAt(0);if(t!==91&&t!==33)return;let n=this.rules.inline.link.exec(e);if(n){let t=n[0].charAt(0)===`!`?2:1;if(!this.options.pedantic&&Jr(e,n[1],t,this.rules))return;let r=n[2].trim();if(!this.options.pedantic&&this.rules.other.startAngleBracket.test(r)){if(!this.rules.other.endAngleBracket.test(r))return;let e=Pr(r.slice(0,-1),`\\`);if((r.length-e.length)%2==0)return}else{let e=Lr(n[2],`()`);if(e===-2)return;if(e>-1){let t=(n[0].indexOf(`!`)===0?5:4)+n[1].length+e;n[2]=n[2].substring(0,e),n[0]=n[0].substring(0,t).trim(),n[3]=``}}let i=Pr(n[0].slice(0,-1),`\\`);if((n[0].length-i.length)%2==0)return;let a=n[2],o=``;if(this.options.pedantic){let e=this.rules.other.pedanticHrefTitle.exec(a);e&&(a=e[1],o=e[3])}else o=n[3]?n[3].slice(1,-1):``;return a=a.trim(),this.rules.other.startAngleBracket.test(a)&&(a=this.options.pedantic&&!this.rules.other.endAngleBracket.test(r)?a.slice(1):a.slice(1,-1)),Kr(n,{href:a&&a.replace(this.rules.inline.anyPunctuation,`$1`),title:o&&o.replace(this.rules.inline.anyPunctuation,`$1`)},n[0],this.lexer,this.rules)}}reflink(e,t){let n=e.charCodeAt(0);if(n!==91&&n!==33)return;let r;if((r=this.rules.inline.reflink.exec(e))||(r=this.rules.inline.nolink.exec(e))){let n=r[0].charAt(0)===`!`?2:1;if(!this.options.pedantic&&Jr(e,r[1],n,this.rules))return;let i=t[Ir(r[2]||r[1])];if(!i){let e=r[0].charAt(0);return{type:`text`,raw:e,text:e}}return Kr(r,i,r[0],this.lexer,this.rules)}}emStrong(e,t,n=``){let r=this.rules.inline.emStrongLDelim.exec(e);if(!r||!r[1]&&!r[2]&&!r[3]&&!r[4])return;let i=r[0][0],a=n===i,o=t.length-e.length,s=o;for(;!this.options.pedantic&&s>0&&t[s-1]===i;)s--;let c=[...t.slice(Math.max(0,s-2),s)].at(-1)??``,l=c===`*`||c===`_`||!!this.rules.inline.punctuation.exec(c);s<o&&(n=c);let u=s<o?l:n===`*`||n===`_`||!!this.rules.inline.punctuation.exec(n);if(r[4]&&n.match(this.rules.other.unicodeAlphaNumeric))return;let d=r[1]||r[3]||``;if(!d||!n||u){let n=[...r[0]].length-1,u,f,p=n,m=0,h=o-s+n,ee=!this.options.pedantic&&!!c.trim()&&(!!d||i===`*`&&!l);if(i!==`*`&&i!==`_`)return;let te=i===`*`?this.rules.inline.emStrongRDelimAst:this.rules.inline.emStrongRDelimUnd,g=Hr(this,t,i),ne=t.length-e.length+n;if(g<ne)return;t=t.slice(-1*e.length+n);let re=g-ne;for(te.lastIndex=0;(r=te.exec(t))!==null&&!(r.index>re);){if(u=r[1]||r[2]||r[3]||r[4]||r[5]||r[6],!u)continue;if(f=[...u].length,r[3]||r[4]){p+=f;continue}if((r[5]||r[6]||ee)&&h%3&&!((h+f)%3)){if(a&&(r[5]||r[6]))break;m+=f;continue}if(p-=f,p>0)continue;f=Math.min(f,f+p+m);let t=[...r[0]][0].length,i=e.slice(0,n+r.index+t+f);if(Math.min(n,f)%2){let e=i.slice(1,-1);return{type:`em`,raw:i,text:e,tokens:this.lexer.inlineTokens(e)}}let o=i.slice(2,-2);return{type:`strong`,raw:i,text:o,tokens:this.lexer.inlineTokens(o)}}}}codespan(e){if(e.charCodeAt(0)!==96)return;let t=this.rules.inline.code.exec(e);if(t){let e=t[2].replace(this.rules.other.newLineCharGlobal,` `),n=this.rules.other.nonSpaceChar.test(e),r=this.rules.other.startingSpaceChar.test(e)&&this.rules.other.endingSpaceChar.test(e);return n&&r&&(e=e.substring(1,e.length-1)),{type:`codespan`,raw:t[0],text:e}}}br(e){let t=e.charCodeAt(0);if(t!==32&&t!==92&&t!==10)return;let n=this.rules.inline.br.exec(e);if(n)return{type:`br`,raw:n[0]}}del(e,t,n=``){if(e.charCodeAt(0)!==126)return;let r=this.rules.inline.delLDelim.exec(e);if(r&&(!r[1]||!n||this.rules.inline.punctuation.exec(n))){let n=[...r[0]].length-1,i,a,o=n,s=this.rules.inline.delRDelim,c=Ur(this,t),l=t.length-e.length+n;if(c<l)return;t=t.slice(-1*e.length+n);let u=c-l;for(s.lastIndex=0;(r=s.exec(t))!==null&&!(r.index>u);){if(i=r[1]||r[2]||r[3]||r[4]||r[5]||r[6],!i||(a=[...i].length,a!==n))continue;if(r[3]||r[4]){o+=a;continue}if(o-=a,o>0)continue;a=Math.min(a,a+o);let t=[...r[0]][0].length,s=e.slice(0,n+r.index+t+a),c=s.slice(n,-n);return{type:`del`,raw:s,text:c,tokens:this.lexer.inlineTokens(c)}}}}autolink(e){if(e.charCodeAt(0)!==60)return;let t=this.rules.inline.autolink.exec(e);if(t){let e,n;return t[2]===`@`?(e=t[1],n=`mailto:`+e):(e=t[1],n=e),{type:`link`,raw:t[0],text:e,href:n,autolink:!0,tokens:[{type:`text`,raw:e,text:e}]}}}url(e){let t;if(t=this.rules.inline.url.exec(e)){let e,n;if(t[2]===`@`)e=t[0],n=`mailto:`+e;else{let r;do r=t[0],t[0]=this.rules.inline._backpedal.exec(t[0])?.[0]??``;while(r!==t[0]);e=t[0],n=t[1]===`www.`?`http://`+t[0]:t[0]}return{type:`link`,raw:t[0],text:e,href:n,autolink:!0,tokens:[{type:`text`,raw:e,text:e}]}}}inlineText(e){let t=this.rules.inline.text.exec(e);if(t){let e=this.lexer.state.inRawBlock;return{type:`text`,raw:t[0],text:e?t[0]:jr(t[0]),escaped:e}}}},U=class e{tokens;options;state;inlineQueue;tokenizer;constructor(e){this.tokens=[],this.tokens.links=Object.create(null),this.options=e||sn,this.options.tokenizer=this.options.tokenizer||new Yr,this.tokenizer=this.options.tokenizer,this.tokenizer.options=this.options,this.tokenizer.lexer=this,this.inlineQueue=[],this.state={inLink:!1,inRawBlock:!1,linkEmitted:!1,linkParenPossible:!0,top:!0};let t={other:V,block:Dr.normal,inline:Or.normal};this.options.pedantic?(t.block=Dr.pedantic,t.inline=Or.pedantic):this.options.gfm&&(t.block=Dr.gfm,t.inline=this.options.breaks?Or.breaks:Or.gfm),this.tokenizer.rules=t}static get rules(){return{block:Dr,inline:Or}}static lex(t,n){return new e(n).lex(t)}static lexInline(t,n){return new e(n).inlineTokens(t)}lex(e){e=e.replace(V.carriageReturn,`
`),this.blockTokens(e,this.tokens);for(let e=0;e<this.inlineQueue.length;e++){let t=this.inlineQueue[e];this.state.inRawBlock=!1,this.inlineTokens(t.src,t.tokens)}return this.inlineQueue=[],this.tokens}blockTokens(e,t=[],n=!1){this.tokenizer.lexer=this;let r=this.state.lastToken;this.options.pedantic&&(e=e.replace(V.tabCharGlobal,`    `).replace(V.spaceLine,``));let i=1/0,a,o=this.options.gfm&&!this.options.pedantic&&this.tokenizer.paragraph===Yr.prototype.paragraph;for(;e;){if(e.length<i)i=e.length;else{this.infiniteLoopError(e.charCodeAt(0));break}this.state.lastToken=t.at(-1);let r;if(this.options.extensions?.block?.some(n=>(r=n.call({lexer:this},e,t))?(e=e.substring(r.raw.length),t.push(r),!0):!1))continue;if(r=this.tokenizer.space(e)){e=e.substring(r.raw.length);let n=t.at(-1);r.raw.length===1&&n!==void 0?n.raw+=`
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
`+r.text,this.inlineQueue.pop(),this.inlineQueue.at(-1).src=n.text):t.push(r)}else if(e){this.infiniteLoopError(e.charCodeAt(0));break}}return this.state.top=!0,this.state.lastToken=r,t}inline(e,t=[]){return this.inlineQueue.push({src:e,tokens:t}),t}linkInText(e){if(!e.includes(`[`))return!1;let t=this.tokenizer.rules.inline.link;for(let n of e.matchAll(this.tokenizer.rules.inline.blockSkip))if(t.test(n[0])&&e.charAt(n.index-1)!==`!`)return!0;for(let t of e.matchAll(this.tokenizer.rules.inline.reflinkSearch)){let e=t[0],n=e.lastIndexOf(`[`);if(e.charAt(0)!==`!`&&Object.hasOwn(this.tokens.links,Ir(e.slice(n+1,-1)))&&!(n>1&&this.linkInText(e.slice(1,n-1))))return!0}return!1}inlineTokens(e,t=[]){this.tokenizer.lexer=this;let n=this.state.linkParenPossible;this.state.linkParenPossible=e.includes(`)`);try{return this.#e(e,t)}finally{this.state.linkParenPossible=n}}#e(e,t){let n=e.includes(`*`)||e.includes(`_`)||e.includes(`~`),r=n||this.options.hooks?.emStrongMask||this.tokenizer.emStrong!==Yr.prototype.emStrong||this.tokenizer.del!==Yr.prototype.del?this.#r(e):e;if(!n)return this.#t(e,r,t);Br(this.tokenizer,r);try{return this.#t(e,r,t)}finally{Vr(this.tokenizer)}}#t(e,t,n){let r=!1,i=``,a=1/0;for(;e;){if(e.length<a)a=e.length;else{this.infiniteLoopError(e.charCodeAt(0));break}r||(i=``),r=!1;let o;if(this.options.extensions?.inline?.some(t=>(o=t.call({lexer:this},e,n))?(e=e.substring(o.raw.length),n.push(o),!0):!1))continue;if((o=this.tokenizer.escape(e))||(o=this.tokenizer.tag(e))||(o=this.tokenizer.link(e))){e=e.substring(o.raw.length),n.push(o);continue}if(o=this.tokenizer.reflink(e,this.tokens.links)){e=e.substring(o.raw.length);let t=n.at(-1);o.type===`text`&&t?.type===`text`?(t.raw+=o.raw,t.text+=o.text):n.push(o);continue}let s=e[0];if(s===`*`||s===`_`){let a=t.length-e.length;if(Hr(this.tokenizer,t,s)<=a){let t=1;for(;t<e.length&&e.charCodeAt(t)===s.charCodeAt(0);)t++;let a=e.substring(0,t),o=n.at(-1);o?.type===`text`&&!o.escaped?(o.raw+=a,o.text+=a):n.push({type:`text`,raw:a,text:a,escaped:!1}),e=e.substring(t),i=s,r=!0;continue}}else if(s===`~`){let a=t.length-e.length;if(Ur(this.tokenizer,t)<=a){let t=1;for(;t<e.length&&e.charCodeAt(t)===126;)t++;let a=e.substring(0,t),o=n.at(-1);o?.type===`text`&&!o.escaped?(o.raw+=a,o.text+=a):n.push({type:`text`,raw:a,text:a,escaped:!1}),e=e.substring(t),i=s,r=!0;continue}}if((o=this.tokenizer.emStrong(e,t,i))||(o=this.tokenizer.codespan(e))||(o=this.tokenizer.br(e))||(o=this.tokenizer.del(e,t,i))||(o=this.tokenizer.autolink(e))||!this.state.inLink&&(o=this.tokenizer.url(e))){e=e.substring(o.raw.length),n.push(o);continue}let c=e;if(this.options.extensions?.startInline){let t=1/0,n=e.slice(1),r;this.options.extensions.startInline.forEach(e=>{r=e.call({lexer:this},n),typeof r==`number`&&r>=0&&(t=Math.min(t,r))}),t<1/0&&t>=0&&(c=e.substring(0,t+1))}if(o=this.tokenizer.inlineText(c)){e=e.substring(o.raw.length),o.raw.slice(-1)!==`_`&&(i=o.raw.slice(-1)),r=!0;let t=n.at(-1);t?.type===`text`?(t.raw+=o.raw,t.text+=o.text):n.push(o)}else if(e){this.infiniteLoopError(e.charCodeAt(0));break}}return n}#n(e){let{blockSkip:t,tag:n,autolink:r}=this.tokenizer.rules.inline,i=``,a=0,o;for(t.lastIndex=0;o=t.exec(e);){let s=o.index+(o[2]?o[2].length:0),c=o.index+o[0].length;if(e.charAt(s)===`<`){let i=e.slice(s),a=n.exec(i)||r.exec(i);if(!a){t.lastIndex=s+1;continue}c=s+a[0].length,t.lastIndex=c}i+=e.slice(a,s)+`[`+`a`.repeat(c-s-2)+`]`,a=c}return i+e.slice(a)}#r(e){let t=e;if(this.tokens.links&&e.includes(`[`)){let e=this.tokenizer.rules.inline.reflinkSearch,n=t=>{let r=t.lastIndexOf(`[`);if(!Object.hasOwn(this.tokens.links,Ir(t.slice(r+1,-1))))return t;if(r>1&&t.charAt(0)!==`!`){let i=t.slice(1,r-1);if(this.linkInText(i))return`[`+i.replace(e,n)+`][`+`a`.repeat(t.length-r-2)+`]`}return`[`+`a`.repeat(t.length-2)+`]`};t=t.replace(e,n)}return t=t.replace(this.tokenizer.rules.inline.anyPunctuationOutsideCode,(e,t,n)=>n?`+`.repeat(e.length):t?t+e.slice(t.length,-t.length).replace(/`/g,`+`)+t:e),t=this.#n(t),t=this.options.hooks?.emStrongMask?.call({lexer:this},t)??t,t}infiniteLoopError(e){let t=`Infinite loop on byte: `+e;if(this.options.silent)console.error(t);else throw Error(t)}},Xr=class{options;parser;constructor(e){this.options=e||sn}space(e){return``}code({text:e,lang:t,escaped:n}){let r=(t||``).match(V.notSpaceStart)?.[0],i=e?e.replace(V.endingNewline,``)+`
`:``;return r?`<pre><code class="language-`+H(r)+`">`+(n?i:H(i,!0))+`</code></pre>
`:`<pre><code>`+(n?i:H(i,!0))+`</code></pre>
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
`}strong({tokens:e}){return`<strong>${this.parser.parseInline(e)}</strong>`}em({tokens:e}){return`<em>${this.parser.parseInline(e)}</em>`}codespan({text:e}){return`<code>${H(e,!0)}</code>`}br(e){return`<br>`}del({tokens:e}){return`<del>${this.parser.parseInline(e)}</del>`}link({href:e,title:t,text:n,tokens:r,autolink:i}){let a=i?H(n,!0):this.parser.parseInline(r),o=Mr(e);if(o===null)return a;e=H(o,i);let s=`<a href="`+e+`"`;return t&&(s+=` title="`+H(t)+`"`),s+=`>`+a+`</a>`,s}image({href:e,title:t,text:n,tokens:r}){r&&(n=this.parser.parseInline(r,this.parser.textRenderer));let i=Mr(e);if(i===null)return H(n);e=i;let a=`<img src="${H(e)}" alt="${H(n)}"`;return t&&(a+=` title="${H(t)}"`),a+=`>`,a}text(e){return`tokens`in e&&e.tokens?this.parser.parseInline(e.tokens):`escaped`in e&&e.escaped?e.text:H(e.text)}},Zr=class{parser;strong({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}em({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}codespan({text:e}){return e}del({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}html({text:e}){return e}text({text:e}){return e}link({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}image({text:e,tokens:t}){return t?this.parser.parseInline(t,this):e}br(){return`
`}checkbox({raw:e}){return e}},W=class e{options;renderer;textRenderer;constructor(e){this.options=e||sn,this.options.renderer=this.options.renderer||new Xr,this.renderer=this.options.renderer,this.renderer.options=this.options,this.renderer.parser=this,this.textRenderer=new Zr,this.textRenderer.parser=this}static parse(t,n){return new e(n).parse(t)}static parseInline(t,n){return new e(n).parseInline(t)}parse(e){this.renderer.parser=this;let t=``;for(let n=0;n<e.length;n++){let r=e[n];if(this.options.extensions?.renderers?.[r.type]){let e=r,n=this.options.extensions.renderers[e.type].call({parser:this},e);if(n!==!1||![`space`,`hr`,`heading`,`code`,`table`,`blockquote`,`list`,`checkbox`,`html`,`def`,`paragraph`,`text`].includes(e.type)){t+=n===!1?``:n??``;continue}}let i=r;switch(i.type){case`space`:t+=this.renderer.space(i);break;case`hr`:t+=this.renderer.hr(i);break;case`heading`:t+=this.renderer.heading(i);break;case`code`:t+=this.renderer.code(i);break;case`table`:t+=this.renderer.table(i);break;case`blockquote`:t+=this.renderer.blockquote(i);break;case`list`:t+=this.renderer.list(i);break;case`checkbox`:t+=this.renderer.checkbox(i);break;case`html`:t+=this.renderer.html(i);break;case`def`:t+=this.renderer.def(i);break;case`paragraph`:t+=this.renderer.paragraph(i);break;case`text`:t+=this.renderer.text(i);break;default:{let e=`Token with "`+i.type+`" type was not found.`;if(this.options.silent)return console.error(e),``;throw Error(e)}}}return t}parseInline(e,t=this.renderer){this.renderer.parser=this;let n=``;for(let r=0;r<e.length;r++){let i=e[r];if(this.options.extensions?.renderers?.[i.type]){let e=this.options.extensions.renderers[i.type].call({parser:this},i);if(e!==!1||![`escape`,`html`,`link`,`image`,`checkbox`,`strong`,`em`,`codespan`,`br`,`del`,`text`].includes(i.type)){n+=e===!1?``:e??``;continue}}let a=i;switch(a.type){case`escape`:n+=t.text(a);break;case`html`:n+=t.html(a);break;case`link`:n+=t.link(a);break;case`image`:n+=t.image(a);break;case`checkbox`:n+=t.checkbox(a);break;case`strong`:n+=t.strong(a);break;case`em`:n+=t.em(a);break;case`codespan`:n+=t.codespan(a);break;case`br`:n+=t.br(a);break;case`del`:n+=t.del(a);break;case`text`:n+=t.text(a);break;default:{let e=`Token with "`+a.type+`" type was not found.`;if(this.options.silent)return console.error(e),``;throw Error(e)}}}return n}},Qr=class{options;block;constructor(e){this.options=e||sn}static passThroughHooks=new Set([`preprocess`,`postprocess`,`processAllTokens`,`emStrongMask`]);static passThroughHooksRespectAsync=new Set([`preprocess`,`postprocess`,`processAllTokens`]);preprocess(e){return e}postprocess(e){return e}processAllTokens(e){return e}emStrongMask(e){return e}provideLexer(e=this.block){return e?U.lex:U.lexInline}provideParser(e=this.block){return e?W.parse:W.parseInline}};function $r(e,t){if(Array.isArray(t))for(let n=0;n<t.length;n++)e.push(t[n]);else e.push(t)}var ei=class{defaults=on();options=this.setOptions;parse=this.parseMarkdown(!0);parseInline=this.parseMarkdown(!1);Parser=W;Renderer=Xr;TextRenderer=Zr;Lexer=U;Tokenizer=Yr;Hooks=Qr;constructor(...e){this.use(...e)}walkTokens(e,t){let n=[];for(let r of e)switch($r(n,t.call(this,r)),r.type){case`table`:{let e=r;for(let r of e.header)$r(n,this.walkTokens(r.tokens,t));for(let r of e.rows)for(let e of r)$r(n,this.walkTokens(e.tokens,t));break}case`list`:{let e=r;$r(n,this.walkTokens(e.items,t));break}default:{let e=r;this.defaults.extensions?.childTokens?.[e.type]?this.defaults.extensions.childTokens[e.type].forEach(r=>{let i=e[r].flat(1/0);$r(n,this.walkTokens(i,t))}):e.tokens&&$r(n,this.walkTokens(e.tokens,t))}}return n}use(...e){let t=this.defaults.extensions||{renderers:Object.create(null),childTokens:Object.create(null)};return e.forEach(e=>{let n={...e};if(n.async=this.defaults.async||n.async||!1,e.extensions&&(e.extensions.forEach(e=>{if(!e.name)throw Error(`extension name required`);if(`renderer`in e){let n=t.renderers[e.name];n?t.renderers[e.name]=function(...t){let r=e.renderer.apply(this,t);return r===!1&&(r=n.apply(this,t)),r}:t.renderers[e.name]=e.renderer}if(`tokenizer`in e){if(!e.level||e.level!==`block`&&e.level!==`inline`)throw Error(`extension level must be 'block' or 'inline'`);let n=t[e.level];n?n.unshift(e.tokenizer):t[e.level]=[e.tokenizer],e.start&&(e.level===`block`?t.startBlock?t.startBlock.push(e.start):t.startBlock=[e.start]:e.level===`inline`&&(t.startInline?t.startInline.push(e.start):t.startInline=[e.start]))}`childTokens`in e&&e.childTokens&&(t.childTokens[e.name]=e.childTokens)}),n.extensions=t),e.renderer){let t=this.defaults.renderer||new Xr(this.defaults);for(let n in e.renderer){if(!(n in t))throw Error(`renderer '${n}' does not exist`);if([`options`,`parser`].includes(n))continue;let r=n,i=e.renderer[r],a=t[r];t[r]=(...e)=>{let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n===!1?``:n??``}}n.renderer=t}if(e.tokenizer){let t=this.defaults.tokenizer||new Yr(this.defaults);for(let n in e.tokenizer){if(!(n in t))throw Error(`tokenizer '${n}' does not exist`);if([`options`,`rules`,`lexer`].includes(n))continue;let r=n,i=e.tokenizer[r],a=t[r];t[r]=(...e)=>{let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n}}n.tokenizer=t}if(e.hooks){let t=this.defaults.hooks||new Qr;for(let n in e.hooks){if(!(n in t))throw Error(`hook '${n}' does not exist`);if([`options`,`block`].includes(n))continue;let r=n,i=e.hooks[r],a=t[r];t[r]=Qr.passThroughHooks.has(n)?e=>{if(t.options.async&&Qr.passThroughHooksRespectAsync.has(n))return(async()=>{let n=await i.call(t,e);return a.call(t,n)})();let r=i.call(t,e);return a.call(t,r)}:(...e)=>{if(t.options.async)return(async()=>{let n=await i.apply(t,e);return n===!1&&(n=await a.apply(t,e)),n})();let n=i.apply(t,e);return n===!1&&(n=a.apply(t,e)),n}}n.hooks=t}if(e.walkTokens){let t=this.defaults.walkTokens,r=e.walkTokens;n.walkTokens=function(e){let n=[];return $r(n,r.call(this,e)),t&&$r(n,t.call(this,e)),n}}this.defaults={...this.defaults,...n}}),this}setOptions(e){return this.defaults={...this.defaults,...e},this}lexer(e,t){return U.lex(e,t??this.defaults)}parser(e,t){return W.parse(e,t??this.defaults)}parseMarkdown(e){return(t,n)=>{let r={...n},i={...this.defaults,...r},a=this.onError(!!i.silent,!!i.async);if(this.defaults.async===!0&&r.async===!1)return a(Error(`marked(): The async option was set to true by an extension. Remove async: false from the parse options object to return a Promise.`));if(typeof t>`u`||t===null)return a(Error(`marked(): input parameter is undefined or null`));if(typeof t!=`string`)return a(Error(`marked(): input parameter is of type `+Object.prototype.toString.call(t)+`, string expected`));if(i.hooks&&(i.hooks.options=i,i.hooks.block=e),i.async)return(async()=>{let n=i.hooks?await i.hooks.preprocess(t):t,r=await(i.hooks?await i.hooks.provideLexer(e):e?U.lex:U.lexInline)(n,i),a=i.hooks?await i.hooks.processAllTokens(r):r;i.walkTokens&&await Promise.all(this.walkTokens(a,i.walkTokens));let o=await(i.hooks?await i.hooks.provideParser(e):e?W.parse:W.parseInline)(a,i);return i.hooks?await i.hooks.postprocess(o):o})().catch(a);try{i.hooks&&(t=i.hooks.preprocess(t));let n=(i.hooks?i.hooks.provideLexer(e):e?U.lex:U.lexInline)(t,i);i.hooks&&(n=i.hooks.processAllTokens(n)),i.walkTokens&&this.walkTokens(n,i.walkTokens);let r=(i.hooks?i.hooks.provideParser(e):e?W.parse:W.parseInline)(n,i);return i.hooks&&(r=i.hooks.postprocess(r)),r}catch(e){return a(e)}}}onError(e,t){return n=>{if(n.message+=`
Please report this to https://github.com/markedjs/marked.`,e){let e=`<p>An error occurred:</p><pre>`+H(n.message+``,!0)+`</pre>`;return t?Promise.resolve(e):e}if(t)return Promise.reject(n);throw n}}},ti=new ei;function G(e,t){return ti.parse(e,t)}G.options=G.setOptions=function(e){return ti.setOptions(e),G.defaults=ti.defaults,cn(G.defaults),G},G.getDefaults=on,G.defaults=sn;function ni(...e){return ti.use(...e),G.defaults=ti.defaults,cn(G.defaults),G}G.use=ni,G.walkTokens=function(e,t){return ti.walkTokens(e,t)},G.parseInline=ti.parseInline,G.Parser=W,G.parser=W.parse,G.Renderer=Xr,G.TextRenderer=Zr,G.Lexer=U,G.lexer=U.lex,G.Tokenizer=Yr,G.Hooks=Qr,G.parse=G,G.options,G.setOptions,G.walkTokens,G.parseInline,W.parse,U.lex;var ri=2e5,ii=new ei({gfm:!0,renderer:{html:({text:e})=>ci(e),image:({href:e,text:t})=>`<a href="${ci(e)}">${ci(t||e)}</a>`,checkbox:({checked:e})=>e?`☑ `:`☐ `,heading({tokens:e}){return`<p><strong>${this.parser.parseInline(e)}</strong></p>`}}});function ai(e){if(e.length>ri)return[{key:e,html:()=>`<pre><code>${ci(e)}</code></pre>`}];let t=ii.lexer(e),n=Object.keys(t.links).length,r=new si;return t.filter(({type:e})=>e!==`space`&&e!==`def`).map(e=>{let t=e.type===`heading`?r.next(e.depth):0;return{key:`${t} ${n} ${e.raw}`,html:()=>oi(e,t)}})}function oi(e,t){return e.type===`heading`?`<h${t}>${ii.Parser.parseInline(e.tokens,ii.defaults)}</h${t}>`:ii.parser([e])}var si=class{#e=[];next(e){return this.#e=this.#e.filter(t=>t<e),this.#e.push(e),Math.min(6,2+this.#e.length)}};function ci(e){return e.replace(/[&<>"']/g,e=>`&#${e.charCodeAt(0)};`)}function li(e,t){this.v=e,this.k=t}function ui(e,t){(t==null||t>e.length)&&(t=e.length);for(var n=0,r=Array(t);n<t;n++)r[n]=e[n];return r}function di(e){if(Array.isArray(e))return e}function fi(e,t){var n=e==null?null:typeof Symbol<`u`&&e[Symbol.iterator]||e[`@@iterator`];if(n!=null){var r,i,a,o,s=[],c=!0,l=!1;try{if(a=(n=n.call(e)).next,t===0){if(Object(n)!==n)return;c=!1}else for(;!(c=(r=a.call(n)).done)&&(s.push(r.value),s.length!==t);c=!0);}catch(e){l=!0,i=e}finally{try{if(!c&&n.return!=null&&(o=n.return(),Object(o)!==o))return}finally{if(l)throw i}}return s}}function pi(){throw TypeError(`Invalid attempt to destructure non-iterable instance.
In order to be iterable, non-array objects must have a [Symbol.iterator]() method.`)}function mi(e,t){return di(e)||fi(e,t)||hi(e,t)||pi()}function hi(e,t){if(e){if(typeof e==`string`)return ui(e,t);var n={}.toString.call(e).slice(8,-1);return n===`Object`&&e.constructor&&(n=e.constructor.name),n===`Map`||n===`Set`?Array.from(e):n===`Arguments`||/^(?:Ui|I)nt(?:8|16|32)(?:Clamped)?Array$/.test(n)?ui(e,t):void 0}}function gi(e){var t,n;function r(t,n){try{var a=e[t](n),o=a.value,s=o instanceof li;Promise.resolve(s?o.v:o).then(function(n){if(s){var c=t===`return`&&o.k?t:`next`;if(!o.k||n.done)return r(c,n);n=e[c](n).value}i(!!a.done,n)},function(e){r(`throw`,e)})}catch(e){i(2,e)}}function i(e,i){e===2?t.reject(i):t.resolve({value:i,done:e}),(t=t.next)?r(t.key,t.arg):n=null}this._invoke=function(e,i){return new Promise(function(a,o){var s={key:e,arg:i,resolve:a,reject:o,next:null};n?n=n.next=s:(t=n=s,r(e,i))})},typeof e.return!=`function`&&(this.return=void 0)}gi.prototype[typeof Symbol==`function`&&Symbol.asyncIterator||`@@asyncIterator`]=function(){return this},gi.prototype.next=function(e){return this._invoke(`next`,e)},gi.prototype.throw=function(e){return this._invoke(`throw`,e)},gi.prototype.return=function(e){return this._invoke(`return`,e)};var _i=Object.entries,vi=Object.keys,yi=Object.setPrototypeOf,bi=Object.isFrozen,xi=Object.getPrototypeOf,Si=Object.getOwnPropertyDescriptor,K=Object.freeze,q=Object.seal,Ci=Object.create,wi=typeof Reflect<`u`&&Reflect,Ti=wi.apply,Ei=wi.construct;K||=function(e){return e},q||=function(e){return e},Ti||=function(e,t){var n=[...arguments].slice(2);return e.apply(t,n)},Ei||=function(e){return new e(...[...arguments].slice(1))};var Di=X(Array.prototype.forEach),Oi=X(Array.prototype.lastIndexOf),ki=X(Array.prototype.pop),Ai=X(Array.prototype.push),ji=X(Array.prototype.slice),Mi=X(Array.prototype.splice),Ni=Array.isArray,Pi=ea(Set),Fi=X(Set.prototype.add),Ii=X(Set.prototype.has),Li=X(Set.prototype.delete),Ri=ea(Map),zi=X(Map.prototype.get),Bi=X(Map.prototype.set),Vi=X(String.prototype.toLowerCase),Hi=X(String.prototype.toString),Ui=X(String.prototype.match),Wi=X(String.prototype.replace),Gi=X(String.prototype.indexOf),Ki=X(String.prototype.trim),qi=X(Number.prototype.toString),Ji=X(Boolean.prototype.toString),Yi=typeof BigInt>`u`?null:X(BigInt.prototype.toString),Xi=typeof Symbol>`u`?null:X(Symbol.prototype.toString),J=X(Object.prototype.hasOwnProperty),Zi=X(Object.prototype.toString),Qi=RegExp.prototype.test,Y=function(e,t){return e instanceof RegExp&&(e.lastIndex=0),Ti(Qi,e,[t])},$i=ea(TypeError);function X(e){return function(t){var n=[...arguments].slice(1);return Ti(e,t,n)}}function ea(e){return function(){return Ei(e,[...arguments])}}function Z(e,t){let n=arguments.length>2&&arguments[2]!==void 0?arguments[2]:Vi;if(yi&&yi(e,null),!Ni(t))return e;let r=t.length;for(;r--;){let i=t[r];if(typeof i==`string`){let e=n(i);e!==i&&(bi(t)||(t[r]=e),i=e)}e[i]=!0}return e}function ta(e){for(let t=0;t<e.length;t++)J(e,t)||(e[t]=null);return e}function na(e){let t=Ci(null);for(let r of _i(e)){var n=mi(r,2);let i=n[0],a=n[1];J(e,i)&&(t[i]=Ni(a)?ta(a):a&&typeof a==`object`&&a.constructor===Object?na(a):a)}return t}function ra(e){let t=Ci(null),n=vi(e),r=n.length;for(;r--;)t[n[r]]=e[n[r]];return t}function ia(e){switch(typeof e){case`string`:return e;case`number`:return qi(e);case`boolean`:return Ji(e);case`bigint`:return Yi?Yi(e):`0`;case`symbol`:return Xi?Xi(e):`Symbol()`;case`undefined`:return Zi(e);case`function`:case`object`:{if(e===null)return Zi(e);let t=e,n=Q(t,`toString`);if(typeof n==`function`){let e=n(t);return typeof e==`string`?e:Zi(e)}return Zi(e)}default:return Zi(e)}}function Q(e,t){for(;e!==null;){let n=Si(e,t);if(n){if(n.get)return X(n.get);if(typeof n.value==`function`)return X(n.value)}e=xi(e)}function n(){return null}return n}function aa(e,t){for(;e!==null;){let n=Si(e,t);if(n)return n.get?X(n.get):null;e=xi(e)}return null}function oa(e){if(!e)return!1;try{return Y(e,``),!0}catch{return!1}}var sa=K(`a.abbr.acronym.address.area.article.aside.audio.b.bdi.bdo.big.blink.blockquote.body.br.button.canvas.caption.center.cite.code.col.colgroup.content.data.datalist.dd.decorator.del.details.dfn.dialog.dir.div.dl.dt.element.em.fieldset.figcaption.figure.font.footer.form.h1.h2.h3.h4.h5.h6.head.header.hgroup.hr.html.i.img.input.ins.kbd.label.legend.li.main.map.mark.marquee.menu.menuitem.meter.nav.nobr.ol.optgroup.option.output.p.picture.pre.progress.q.rp.rt.ruby.s.samp.search.section.select.shadow.slot.small.source.spacer.span.strike.strong.style.sub.summary.sup.table.tbody.td.template.textarea.tfoot.th.thead.time.tr.track.tt.u.ul.var.video.wbr`.split(`.`)),ca=K(`svg.a.altglyph.altglyphdef.altglyphitem.animatecolor.animatemotion.animatetransform.circle.clippath.defs.desc.ellipse.filter.font.g.glyph.glyphref.hkern.image.line.lineargradient.marker.mask.metadata.mpath.path.pattern.polygon.polyline.radialgradient.rect.stop.style.switch.symbol.text.textpath.title.tref.tspan.view.vkern`.split(`.`)),la=K([`feBlend`,`feColorMatrix`,`feComponentTransfer`,`feComposite`,`feConvolveMatrix`,`feDiffuseLighting`,`feDisplacementMap`,`feDistantLight`,`feDropShadow`,`feFlood`,`feFuncA`,`feFuncB`,`feFuncG`,`feFuncR`,`feGaussianBlur`,`feImage`,`feMerge`,`feMergeNode`,`feMorphology`,`feOffset`,`fePointLight`,`feSpecularLighting`,`feSpotLight`,`feTile`,`feTurbulence`]),ua=K([`animate`,`color-profile`,`cursor`,`discard`,`font-face`,`font-face-format`,`font-face-name`,`font-face-src`,`font-face-uri`,`foreignobject`,`hatch`,`hatchpath`,`mesh`,`meshgradient`,`meshpatch`,`meshrow`,`missing-glyph`,`script`,`set`,`solidcolor`,`unknown`,`use`]),da=K(`math.menclose.merror.mfenced.mfrac.mglyph.mi.mlabeledtr.mmultiscripts.mn.mo.mover.mpadded.mphantom.mroot.mrow.ms.mspace.msqrt.mstyle.msub.msup.msubsup.mtable.mtd.mtext.mtr.munder.munderover.mprescripts`.split(`.`)),fa=K([`maction`,`maligngroup`,`malignmark`,`mlongdiv`,`mscarries`,`mscarry`,`msgroup`,`mstack`,`msline`,`msrow`,`semantics`,`annotation`,`annotation-xml`,`mprescripts`,`none`]),pa=K([`#text`]),ma=K(`accept.action.align.alt.autocapitalize.autocomplete.autopictureinpicture.autoplay.background.bgcolor.border.capture.cellpadding.cellspacing.checked.cite.class.clear.color.cols.colspan.command.commandfor.controls.controlslist.coords.crossorigin.datetime.decoding.default.dir.disabled.disablepictureinpicture.disableremoteplayback.download.draggable.enctype.enterkeyhint.exportparts.face.for.headers.height.hidden.high.href.hreflang.id.inert.inputmode.integrity.ismap.kind.label.lang.list.loading.loop.low.max.maxlength.media.method.min.minlength.multiple.muted.name.nonce.noshade.novalidate.nowrap.open.optimum.part.pattern.placeholder.playsinline.popover.popovertarget.popovertargetaction.poster.preload.pubdate.radiogroup.readonly.rel.required.rev.reversed.role.rows.rowspan.spellcheck.scope.selected.shape.size.sizes.slot.span.srclang.start.src.srcset.step.style.summary.tabindex.title.translate.type.usemap.valign.value.width.wrap.xmlns`.split(`.`)),ha=K(`accent-height.accumulate.additive.alignment-baseline.amplitude.ascent.attributename.attributetype.azimuth.basefrequency.baseline-shift.begin.bias.by.class.clip.clippathunits.clip-path.clip-rule.color.color-interpolation.color-interpolation-filters.color-profile.color-rendering.cx.cy.d.dx.dy.diffuseconstant.direction.display.divisor.dominant-baseline.dur.edgemode.elevation.end.exponent.fill.fill-opacity.fill-rule.filter.filterunits.flood-color.flood-opacity.font-family.font-size.font-size-adjust.font-stretch.font-style.font-variant.font-weight.fx.fy.g1.g2.glyph-name.glyphref.gradientunits.gradienttransform.height.href.id.image-rendering.in.in2.intercept.k.k1.k2.k3.k4.kerning.keypoints.keysplines.keytimes.lang.lengthadjust.letter-spacing.kernelmatrix.kernelunitlength.lighting-color.local.marker-end.marker-mid.marker-start.markerheight.markerunits.markerwidth.maskcontentunits.maskunits.max.mask.mask-type.media.method.mode.min.name.numoctaves.offset.operator.opacity.order.orient.orientation.origin.overflow.paint-order.path.pathlength.patterncontentunits.patterntransform.patternunits.pointer-events.points.preservealpha.preserveaspectratio.primitiveunits.r.rx.ry.radius.refx.refy.repeatcount.repeatdur.restart.result.rotate.scale.seed.shape-rendering.slope.specularconstant.specularexponent.spreadmethod.startoffset.stddeviation.stitchtiles.stop-color.stop-opacity.stroke-dasharray.stroke-dashoffset.stroke-linecap.stroke-linejoin.stroke-miterlimit.stroke-opacity.stroke.stroke-width.style.surfacescale.systemlanguage.tabindex.tablevalues.targetx.targety.transform.transform-origin.text-anchor.text-decoration.text-orientation.text-rendering.textlength.type.u1.u2.unicode.values.vector-effect.viewbox.visibility.version.vert-adv-y.vert-origin-x.vert-origin-y.width.word-spacing.wrap.writing-mode.xchannelselector.ychannelselector.x.x1.x2.xmlns.y.y1.y2.z.zoomandpan`.split(`.`)),ga=K(`accent.accentunder.align.bevelled.close.columnalign.columnlines.columnspacing.columnspan.denomalign.depth.dir.display.displaystyle.encoding.fence.frame.height.href.id.largeop.length.linethickness.lquote.lspace.mathbackground.mathcolor.mathsize.mathvariant.maxsize.minsize.movablelimits.notation.numalign.open.rowalign.rowlines.rowspacing.rowspan.rspace.rquote.scriptlevel.scriptminsize.scriptsizemultiplier.selection.separator.separators.stretchy.subscriptshift.supscriptshift.symmetric.voffset.width.xmlns`.split(`.`)),_a=K([`xlink:href`,`xml:id`,`xlink:title`,`xml:space`,`xmlns:xlink`]),va=q(/{{[\w\W]*|^[\w\W]*}}/g),ya=q(/<%[\w\W]*|^[\w\W]*%>/g),ba=q(/\${[\w\W]*/g),xa=q(/{{|}}|\${|<%|%>/),Sa=q(/[^\t\n\f\r ]/),Ca=q(/\u0000/g),wa=q(/^data-[\-\w.\u00B7-\uFFFF]+$/),Ta=q(/^aria-[\-\w]+$/),Ea=q(/^(?:(?:(?:f|ht)tps?|mailto|tel|callto|sms|cid|xmpp|matrix):|[^a-z]|[a-z+.\-]+(?:[^a-z+.\-:]|$))/i),Da=q(/^(?:\w+script|data):/i),Oa=q(/[\u0000-\u0020\u00A0\u1680\u180E\u2000-\u2029\u205F\u3000]/g),ka=q(/^html$/i),Aa=q(/^[a-z][.\w]*(-[.\w]+)+$/i),ja=q(/<[/\w!]/g),Ma=q(/<[/\w]/g),Na=q(/<[/\w]|^-?>|--!?>|<!-$/g),Pa=q(/<\/no(script|embed|frames)/i),Fa=q(/\/>/i),Ia=q(/((--!?|])>)|<\/(style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)/i),La=q(/^[\r\n\t ]+/),$={element:1,text:3,processingInstruction:7,comment:8,document:9,documentFragment:11},Ra=K(Z({},[`style`,`script`,`xmp`,`iframe`,`noembed`,`noframes`,`plaintext`,`noscript`])),za=K(Z({},[`textarea`,`title`])),Ba=K(Z({},[`area`,`base`,`basefont`,`bgsound`,`br`,`col`,`embed`,`frame`,`hr`,`img`,`input`,`keygen`,`link`,`meta`,`param`,`source`,`track`,`wbr`])),Va=function(){return typeof window>`u`?null:window},Ha=function(e,t){if(typeof e!=`object`||typeof e.createPolicy!=`function`)return null;let n=null,r=`data-tt-policy-suffix`;t&&t.hasAttribute(r)&&(n=t.getAttribute(r));let i=`dompurify`+(n?`#`+n:``);try{return e.createPolicy(i,{createHTML(e){return e},createScriptURL(e){return e}})}catch{return console.warn(`TrustedTypes policy `+i+` could not be created.`),null}},Ua=function(){return{afterSanitizeAttributes:[],afterSanitizeElements:[],afterSanitizeShadowDOM:[],beforeSanitizeAttributes:[],beforeSanitizeElements:[],beforeSanitizeShadowDOM:[],uponSanitizeAttribute:[],uponSanitizeElement:[],uponSanitizeShadowNode:[]}},Wa=function(e,t,n,r){return J(e,t)&&Ni(e[t])?Z(r.base?ra(r.base):{},e[t],r.transform):n},Ga=function(e,t,n){let r=J(e,t)?e[t]:void 0;return r&&typeof r==`object`?na(r):n};function Ka(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:Va(),t=e=>Ka(e);if(t.version=`3.5.0`,t.removed=[],!e||!e.document||e.document.nodeType!==$.document||!e.Element)return t.isSupported=!1,t;let n=e.document,r=n,i=r.currentScript,a=e.HTMLTemplateElement,o=e.Node,s=e.Element,c=e.NodeFilter,l=e.DOMParser,u=e.trustedTypes,d=s.prototype,f=Q(d,`cloneNode`),p=Q(d,`remove`),m=Q(d,`removeChild`),h=Q(d,`removeAttributeNode`),ee=Q(d,`nextSibling`),te=Q(d,`childNodes`),g=Q(d,`parentNode`),ne=Q(d,`shadowRoot`),re=Q(d,`attributes`),ie=o&&o.prototype?Q(o.prototype,`nodeType`):null,ae=o&&o.prototype?Q(o.prototype,`nodeName`):null,oe=o&&o.prototype?Q(o.prototype,`ownerDocument`):null,_=function(e){return ie?ie(e):e.nodeType},se=function(e){return ae?ae(e):e.nodeName},ce=aa(d,`namespaceURI`),le=function(e){return ce?ce(e):e.namespaceURI},ue=function(e){return _(e)===$.element?re(e):null};if(typeof a==`function`){let e=n.createElement(`template`);e.content&&e.content.ownerDocument&&(n=e.content.ownerDocument)}let v,de=``,fe,pe=!1,me=0,he=function(){if(me>0)throw $i(`A configured TRUSTED_TYPES_POLICY callback (createHTML or createScriptURL) must not call DOMPurify.sanitize, as that causes infinite recursion. Do not pass a policy whose callbacks wrap DOMPurify as TRUSTED_TYPES_POLICY; see the "DOMPurify and Trusted Types" section of the README.`)},ge=function(e){he(),me++;try{return v.createHTML(e)}finally{me--}},_e=function(e){return v&&Ge?ge(e):e},ve=function(e){he(),me++;try{return v.createScriptURL(e)}finally{me--}},ye=function(){return pe||=(fe=Ha(u,i),!0),fe},be=n,xe=be.implementation,Se=be.createNodeIterator,Ce=be.createDocumentFragment,we=be.getElementsByTagName,Te=r.importNode,y=Ua();t.isSupported=typeof _i==`function`&&typeof g==`function`&&xe&&xe.createHTMLDocument!==void 0;let b=va,x=ya,Ee=ba,S=wa,De=Ta,Oe=Da,ke=Oa,Ae=Aa,je=Ea,C=null,Me=Z({},[...sa,...ca,...la,...da,...pa]),w=null,Ne=Z({},[...ma,...ha,...ga,..._a]),T=null,Pe=null,Fe=null,Ie=Object.seal(Ci(null,{tagCheck:{writable:!0,configurable:!1,enumerable:!0,value:null},attributeCheck:{writable:!0,configurable:!1,enumerable:!0,value:null}})),Le=!0,Re=!0,ze=!1,Be=!0,E=!1,Ve=!0,D=!1,He=!1,Ue=null,O=null,k=!1,We=!1,A=!1,Ge=!1,Ke=!0,qe=!1,Je=`user-content-`,Ye=!0,Xe=!1,Ze=null,Qe=null,$e=!1,et=null,tt=Z({},`annotation-xml.audio.colgroup.desc.foreignobject.head.iframe.math.mi.mn.mo.ms.mtext.noembed.noframes.noscript.plaintext.script.selectedcontent.style.svg.template.thead.title.video.xmp`.split(`.`)),nt=null,rt=Z({},[`audio`,`video`,`img`,`source`,`image`,`track`]),j=null,it=Z({},[`alt`,`class`,`for`,`id`,`label`,`name`,`pattern`,`placeholder`,`role`,`summary`,`title`,`value`,`style`,`xmlns`]),at=`http://www.w3.org/1998/Math/MathML`,ot=`http://www.w3.org/2000/svg`,M=`http://www.w3.org/1999/xhtml`,st=M,ct=!1,lt=null,ut=Z({},[at,ot,M],Hi),dt=K(Z({},[`mi`,`mo`,`mn`,`ms`,`mtext`])),ft=null,pt=K(Z({},[`annotation-xml`])),mt=null,ht=K(Ci(null)),gt=Z({},[`title`,`style`,`font`,`a`,`script`]),_t=null,vt=[`application/xhtml+xml`,`text/html`],N=null,yt=null,bt=null,P=n.createElement(`form`),xt=function(e){return e instanceof RegExp||e instanceof Function},F=function(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:{};e&&typeof e==`object`||(e={}),e=na(e),_t=vt.indexOf(e.PARSER_MEDIA_TYPE)===-1?`text/html`:e.PARSER_MEDIA_TYPE,N=_t===`application/xhtml+xml`?Hi:Vi,C=Wa(e,`ALLOWED_TAGS`,Me,{transform:N}),w=Wa(e,`ALLOWED_ATTR`,Ne,{transform:N}),lt=Wa(e,`ALLOWED_NAMESPACES`,ut,{transform:Hi}),j=Wa(e,`ADD_URI_SAFE_ATTR`,it,{transform:N,base:it}),nt=Wa(e,`ADD_DATA_URI_TAGS`,rt,{transform:N,base:rt}),et=Wa(e,`FORBID_CONTENTS`,tt,{transform:N}),Pe=Wa(e,`FORBID_TAGS`,Ci(null),{transform:N}),Fe=Wa(e,`FORBID_ATTR`,Ci(null),{transform:N}),$e=J(e,`USE_PROFILES`)?e.USE_PROFILES&&typeof e.USE_PROFILES==`object`?na(e.USE_PROFILES):e.USE_PROFILES:!1,Le=e.ALLOW_ARIA_ATTR!==!1,Re=e.ALLOW_DATA_ATTR!==!1,ze=e.ALLOW_UNKNOWN_PROTOCOLS||!1,Be=e.ALLOW_SELF_CLOSE_IN_ATTR!==!1,E=e.SAFE_FOR_TEMPLATES||!1,Ve=e.SAFE_FOR_XML!==!1,D=e.WHOLE_DOCUMENT||!1,We=e.RETURN_DOM||!1,A=e.RETURN_DOM_FRAGMENT||!1,Ge=e.RETURN_TRUSTED_TYPE||!1,k=e.FORCE_BODY||!1,Ke=e.SANITIZE_DOM!==!1,qe=e.SANITIZE_NAMED_PROPS||!1,Ye=e.KEEP_CONTENT!==!1,Xe=e.IN_PLACE||!1,je=oa(e.ALLOWED_URI_REGEXP)?e.ALLOWED_URI_REGEXP:Ea,st=typeof e.NAMESPACE==`string`?e.NAMESPACE:M,ft=Ga(e,`MATHML_TEXT_INTEGRATION_POINTS`,dt),mt=Ga(e,`HTML_INTEGRATION_POINTS`,pt);let t=Ga(e,`CUSTOM_ELEMENT_HANDLING`,ht);if(T=Ci(null),J(t,`tagNameCheck`)&&xt(t.tagNameCheck)&&(T.tagNameCheck=t.tagNameCheck),J(t,`attributeNameCheck`)&&xt(t.attributeNameCheck)&&(T.attributeNameCheck=t.attributeNameCheck),J(t,`allowCustomizedBuiltInElements`)&&typeof t.allowCustomizedBuiltInElements==`boolean`&&(T.allowCustomizedBuiltInElements=t.allowCustomizedBuiltInElements),q(T),E&&(Re=!1),A&&(We=!0),$e&&((J(e,`ALLOWED_TAGS`)||J(e,`ALLOWED_ATTR`))&&typeof console<`u`&&typeof console.warn==`function`&&console.warn(`DOMPurify: USE_PROFILES overrides ALLOWED_TAGS and ALLOWED_ATTR. Do not use these options together.`),C=Z({},pa),w=Ci(null),$e.html===!0&&(Z(C,sa),Z(w,ma)),$e.svg===!0&&(Z(C,ca),Z(w,ha),Z(w,_a)),$e.svgFilters===!0&&(Z(C,la),Z(w,ha),Z(w,_a)),$e.mathMl===!0&&(Z(C,da),Z(w,ga),Z(w,_a))),Ie.tagCheck=null,Ie.attributeCheck=null,J(e,`ADD_TAGS`)&&(typeof e.ADD_TAGS==`function`?Ie.tagCheck=e.ADD_TAGS:Ni(e.ADD_TAGS)&&(C===Me&&(C=ra(C)),Z(C,e.ADD_TAGS,N))),J(e,`ADD_ATTR`)&&(typeof e.ADD_ATTR==`function`?Ie.attributeCheck=e.ADD_ATTR:Ni(e.ADD_ATTR)&&(w===Ne&&(w=ra(w)),Z(w,e.ADD_ATTR,N))),J(e,`ADD_FORBID_CONTENTS`)&&Ni(e.ADD_FORBID_CONTENTS)&&(et===tt&&(et=ra(et)),Z(et,e.ADD_FORBID_CONTENTS,N)),Ye&&(C[`#text`]=!0),D&&Z(C,[`html`,`head`,`body`]),C.table&&(C.tbody=!0,delete Pe.tbody),e.TRUSTED_TYPES_POLICY){if(typeof e.TRUSTED_TYPES_POLICY.createHTML!=`function`)throw $i(`TRUSTED_TYPES_POLICY configuration option must provide a "createHTML" hook.`);if(typeof e.TRUSTED_TYPES_POLICY.createScriptURL!=`function`)throw $i(`TRUSTED_TYPES_POLICY configuration option must provide a "createScriptURL" hook.`);let t=v;v=e.TRUSTED_TYPES_POLICY;try{de=ge(``)}catch(e){throw v=t,e}}else e.TRUSTED_TYPES_POLICY===null?(v=void 0,de=``):(v===void 0&&(v=ye()),v&&typeof de==`string`&&(de=ge(``)));yt=K(e)},I=Z({},[...ca,...la,...ua]),L=Z({},[...da,...fa]),St=function(e,t,n){return t===M?e===`svg`:t===at?e===`svg`&&(n===`annotation-xml`||ft[n]):!!I[e]},Ct=function(e,t,n){return t===M?e===`math`:t===ot?e===`math`&&mt[n]:!!L[e]},wt=function(e,t,n){return t===ot&&!mt[n]||t===at&&!ft[n]?!1:!L[e]&&(gt[e]||!I[e])},Tt=function(e){let t=le(e),n=Vi(se(e)),r=g(e),i=st,a=`template`;return r&&_(r)===$.element&&(i=le(r),a=Vi(se(r))),lt[t]?t===ot?St(n,i,a):t===at?Ct(n,i,a):t===M?wt(n,i,a):_t===`application/xhtml+xml`:!1},Et=function(e){Ai(t.removed,{element:e}),Bt(e);try{g(e).removeChild(e)}catch{if(p(e),!g(e))throw $i(`a node selected for removal could not be detached from its tree and cannot be safely returned; refusing to sanitize in place`)}},Dt=function(e,t,n){try{h(e,t)}catch{try{e.removeAttribute(n)}catch{}}},Ot=function(e){Mt(e);let t=te(e);t&&Di(ji(t),t=>{try{m(e,t)}catch{}}),_(e)===$.element&&At(e,!1)},kt=function(e,n,r){if(!r)try{r=n.getAttributeNode(e)}catch{r=null}if(Ai(t.removed,{attribute:r||null,from:n}),r)Dt(n,r,e);else try{n.removeAttribute(e)}catch{}if(e===`is`){if(We||A)try{Et(n)}catch{}else try{n.setAttribute(e,``)}catch{}}},At=function(e,t){let n=re(e);if(n)for(let r=n.length-1;r>=0;--r){let i=n[r],a=i&&i.name;typeof a==`string`&&!(t&&w[N(a)])&&Dt(e,i,a)}},jt=function(e,t){let n=arguments.length>2&&arguments[2]!==void 0&&arguments[2],r=[e];for(;r.length>0;){let e=r.pop();if(t(e)===!1)continue;if(n&&_(e)===$.element){let t=ne(e);Zt(t)&&r.push(t)}let i=te(e);if(i)for(let e=i.length-1;e>=0;--e)r.push(i[e])}},Mt=function(e){jt(e,e=>{_(e)===$.element&&At(e,!0)})},Nt=function(e){let t=[];return jt(e,e=>{t.push(e)},!0),t},Pt=function(e,t){let n=Pi();Di(Nt(e),e=>{_(e)===$.element&&Fi(n,e)}),Di(t,e=>{_(e)===$.element&&!Ii(n,e)&&At(e,!0)})},Ft=function(e,n){let r=!1;return Di(t.removed,t=>{t.element&&(r||=t.element===e,Mt(t.element))}),Pt(e,n),r},It=function(e,t){Ot(e),Ft(e,t)},Lt=function(e,t){let n=Ze,r=null,i=()=>(r||(r=Pi(),Di(t,e=>{Fi(r,e)})),r);for(let t=0;;t++){let r=Nt(e),a=[e],o=!1;if(Di(r,e=>{_(e)===$.documentFragment?Ai(a,e):!o&&!Ii(n,e)&&(o=Ii(i(),e))}),!o)return;if(t>=8)throw $i(`the tree kept changing during in-place sanitization; refusing to return it`);Di(a,(t,n)=>{Rt(t,n>0,e,i())})}},Rt=function(e,t,n,r){let i=Wt(e),a;for(;a=i.nextNode();)Ii(r,a)&&!Ii(Ze,a)&&(t&&z(y.uponSanitizeShadowNode,a,null),fn(a,n))},zt=function(e){if(!Ze)return;Fi(Ze,e);let t=zi(Qe,e);if(t!==void 0){if(t>=8)throw $i(`the tree kept changing during in-place sanitization; refusing to return it`);Bi(Qe,e,t+1)}},Bt=function(e){Ze&&(Li(Ze,e),zi(Qe,e)===void 0&&Bi(Qe,e,0))},Vt=function(e,t){return Ve?e===`patchsrc`||e===`for`&&t!==`label`&&t!==`output`:!1},Ht=function(e){Ve&&jt(e,e=>{let t=_(e);if(t===$.processingInstruction||t===$.comment&&Y(Ma,e.data)){try{p(e)}catch{}return!1}if(t===$.element){let t=e,n=N(se(e));try{t.hasAttribute&&t.hasAttribute(`patchsrc`)&&t.removeAttribute(`patchsrc`),t.hasAttribute&&t.hasAttribute(`for`)&&Vt(`for`,n)&&t.removeAttribute(`for`)}catch{}}return!0})},Ut=function(e){let t=null,r=null;if(k)e=`<remove></remove>`+e;else{let t=Ui(e,La);r=t&&t[0]}_t===`application/xhtml+xml`&&st===M&&(e=`<html xmlns="http://www.w3.org/1999/xhtml"><head></head><body>`+e+`</body></html>`);let i=v?ge(e):e;if(st===M)try{t=new l().parseFromString(i,_t)}catch{}if(!t||!t.documentElement){t=xe.createDocument(st,`template`,null);try{t.documentElement.innerHTML=ct?de:i}catch{}}let a=t.body||t.documentElement;return e&&r&&a.insertBefore(n.createTextNode(r),a.childNodes[0]||null),st===M?we.call(t,D?`html`:`body`)[0]:D?t.documentElement:a},Wt=function(e){let t=arguments.length>1&&arguments[1]!==void 0&&arguments[1],n=oe?oe(e):e.ownerDocument;return Se.call(n||e,e,(t?0:c.SHOW_ELEMENT)|c.SHOW_COMMENT|c.SHOW_TEXT|c.SHOW_PROCESSING_INSTRUCTION|c.SHOW_CDATA_SECTION,null)},R=function(e){return e=Wi(e,b,` `),e=Wi(e,x,` `),e=Wi(e,Ee,` `),e},Gt=function(e){Jt(e);let t=e.querySelectorAll?.call(e,`template`);t&&Di(t,e=>{Zt(e.content)&&Gt(e.content)})},Kt=Z({},[`caption`,`colgroup`,`col`,`thead`,`tbody`,`tfoot`,`tr`,`td`,`th`,`style`,`script`,`template`]),qt=function(e){if(_t===`application/xhtml+xml`)return;let t=e.querySelectorAll?.call(e,`table,tbody,thead,tfoot,tr,colgroup`);t&&t.length!==0&&Di(t,t=>{Di(ji(te(t)),n=>{let r=_(n);if(!(r===$.text?Y(Sa,n.data):r===$.element&&!Kt[Vi(se(n))]))return;let i=t;for(;i&&Vi(se(i))!==`table`;)i=i===e?null:g(i);let a=i&&i!==e?g(i):null;if(a)try{a.insertBefore(n,i)}catch{}})})},Jt=function(e){qt(e),e.normalize();let t=Wt(e,!0),n=null,r=t.nextNode();for(;r;){let e=r.data;if(Y(Ca,e)&&(e=Wi(e,Ca,``),r.data=e),Y(xa,e)&&(e=R(e),r.data=e),e&&_(r)===$.text){if(n){let t=n.data;Y(xa,t[t.length-1]+e[0])&&(n.data=R(t+e[0]))}n=r}r=t.nextNode()}},Yt=function(e){let t=ae?ae(e):null;return typeof t!=`string`||N(t)!==`form`?!1:typeof e.nodeName!=`string`||typeof e.textContent!=`string`||typeof e.removeChild!=`function`||e.attributes!==re(e)||typeof e.removeAttribute!=`function`||typeof e.removeAttributeNode!=`function`||typeof e.getAttributeNode!=`function`||typeof e.setAttribute!=`function`||typeof e.namespaceURI!=`string`||typeof e.insertBefore!=`function`||typeof e.hasChildNodes!=`function`||e.nodeType!==ie(e)||e.childNodes!==te(e)},Xt=function(e){if(!ie||typeof e!=`object`||!e)return null;try{let t=ie(e);return typeof t==`number`?t:null}catch{return null}},Zt=function(e){return Xt(e)===$.documentFragment},Qt=function(e){return Xt(e)!==null};function z(e,n,r){e.length!==0&&Di(e,e=>{e.call(t,n,r,yt)})}let $t=function(e,t){let n=!!Ba[t],r=!!Ra[t];return!n&&!r&&!za[t]||le(e)!==M?!1:n?e.hasChildNodes():Qt(e.firstElementChild)?!0:r&&typeof e.textContent==`string`&&Y(ja,e.textContent)},en=function(e,t,n){return!!(Ve&&n===$.element&&e.hasChildNodes()&&!Qt(e.firstElementChild)&&Y(ja,e.textContent)&&Y(ja,e.innerHTML)||Ve&&n===$.element&&$t(e,t)||n===$.processingInstruction||Ve&&n===$.comment&&Y(Na,e.data))},tn=function(e,t){return e instanceof RegExp?Y(e,t):e instanceof Function&&!!e(t,...[...arguments].slice(2))},nn=function(e,t,n){if(!Pe[t]&&ln(t)&&tn(T.tagNameCheck,t))return!1;if(Ye&&!et[t]&&!et[Vi(t)]){let t=g(e),r=te(e);if(r&&t){let i=r.length;for(let a=i-1;a>=0;--a){let i=e===n?f(r[a],!0):r[a];t.insertBefore(i,ee(e))}}}return Et(e),!0},rn=function(e,t,n,r){return e.length===0?t:t===n||t===r?ra(t):t},an=function(e,t){return e===t||g(e)!==null?!1:(Xe&&Mt(e),Bt(e),!0)},on=function(e,n){if(zt(e),z(y.beforeSanitizeElements,e,null),an(e,n))return!0;if(Yt(e))return Et(e),!0;let r=N(se(e)),i=_(e);if(C=rn(y.uponSanitizeElement,C,Me,Ue),z(y.uponSanitizeElement,e,{tagName:r,allowedTags:C}),an(e,n))return!0;if(en(e,r,i))return Et(e),!0;if((Pe[r]||!(Ie.tagCheck instanceof Function&&Ie.tagCheck(r))&&!C[r])&&nn(e,r,n))return!0;if(i===$.element&&!Tt(e)||(r===`noscript`||r===`noembed`||r===`noframes`)&&Y(Pa,e.innerHTML))return Et(e),!0;if(E&&i===$.text){let n=e.textContent,r=R(n);n!==r&&(Ai(t.removed,{element:e.cloneNode()}),e.textContent=r)}return z(y.afterSanitizeElements,e,null),an(e,n)},sn=function(e,t,r){if(Fe[t]||Vt(t,e)||Ke&&(t===`id`||t===`name`)&&(r in n||r in P))return!1;let i=w[t]||Ie.attributeCheck instanceof Function&&Ie.attributeCheck(t,e);if(Re&&Y(S,t)||Le&&Y(De,t))return!0;if(!i)return ln(e)&&tn(T.tagNameCheck,e)&&tn(T.attributeNameCheck,t,e)||t===`is`&&T.allowCustomizedBuiltInElements&&tn(T.tagNameCheck,r);if(j[t])return!0;let a=Wi(r,ke,``);return Y(je,a)||(t===`src`||t===`xlink:href`||t===`href`)&&e!==`script`&&Gi(r,`data:`)===0&&nt[e]||ze&&!Y(Oe,a)?!0:!r},cn=Z({},[`annotation-xml`,`color-profile`,`font-face`,`font-face-format`,`font-face-name`,`font-face-src`,`font-face-uri`,`missing-glyph`]),ln=function(e){return!cn[Vi(e)]&&Y(Ae,e)},un=function(e,t,n,r){if(v&&typeof u==`object`&&typeof u.getAttributeType==`function`&&!n)switch(u.getAttributeType(e,t)){case`TrustedHTML`:return ge(r);case`TrustedScriptURL`:return ve(r)}return r},B=function(e,t,n,r){try{return n?e.setAttributeNS(n,t,r):e.setAttribute(t,r),!Yt(e)||(Et(e),!1)}catch{return kt(t,e),!1}},dn=function(e,t){return Ve&&Y(Ia,t)?!0:Vi(e)===`attributename`&&Gi(t,`href`)!==-1},V=function(e,n){if(z(y.beforeSanitizeAttributes,e,null),an(e,n))return;let r=ue(e);if(!r||Yt(e))return;w=rn(y.uponSanitizeAttribute,w,Ne,O);let i={attrName:``,attrValue:``,keepAttr:!0,allowedAttributes:w,forceKeepAttr:void 0},a=r.length,o=N(se(e));for(;a--;){let n=r[a];if(!n)continue;let s=n.name,c=n.namespaceURI,l=n.value,u=N(s),d=l,f=s===`value`?d:Ki(d),p=!1;i.attrName=u,i.attrValue=f,i.keepAttr=!0,i.forceKeepAttr=void 0,z(y.uponSanitizeAttribute,e,i),f=i.attrValue,qe&&(u===`id`||u===`name`)&&Gi(f,Je)!==0&&(kt(s,e,n),f=Je+f,p=!0),dn(s,f)?kt(s,e,n):i.forceKeepAttr||(i.keepAttr?!Be&&Y(Fa,f)?kt(s,e,n):(E&&(f=R(f)),sn(o,u,f)?(f=un(o,u,c,f),f!==d&&B(e,s,c,f)&&p&&ki(t.removed)):kt(s,e,n)):kt(s,e,n))}z(y.afterSanitizeAttributes,e,null),an(e,n)},fn=function(e,t){on(e,t),V(e,t),Zt(e.content)&&pn(e.content)},pn=function(e){let t=null,n=Wt(e);for(z(y.beforeSanitizeShadowDOM,e,null);t=n.nextNode();)if(z(y.uponSanitizeShadowNode,t,null),fn(t,e),_(t)===$.element){let e=ne(t);Zt(e)&&(mn(e),pn(e))}E&&Jt(e),z(y.afterSanitizeShadowDOM,e,null)},mn=function(e){let t=[{node:e,shadow:null}];for(;t.length>0;){let e=t.pop();if(e.shadow){pn(e.shadow);continue}let n=e.node,r=_(n)===$.element,i=te(n);if(i)for(let e=i.length-1;e>=0;--e)t.push({node:i[e],shadow:null});if(r){let e=ae?ae(n):null;if(typeof e==`string`&&N(e)===`template`){let e=n.content;Zt(e)&&t.push({node:e,shadow:null})}}if(r){let e=ne(n);Zt(e)&&t.push({node:null,shadow:e},{node:e,shadow:null})}}},hn=function(e){let n=arguments.length>1&&arguments[1]!==void 0?arguments[1]:{},i=null,a=null,o=null,s=null;if(ct=!e,ct&&(e=`<!-->`),typeof e!=`string`&&!Qt(e)&&(e=ia(e),typeof e!=`string`))throw $i(`dirty is not a string, aborting`);if(!t.isSupported)return e;He?(C=Ue,w=O):F(n),bt=yt,t.removed=[];let c=Xe&&typeof e!=`string`&&Qt(e),l=[],u=Ze,d=Qe;if(c){Ht(e),l=Nt(e);let t=se(e);if(typeof t==`string`){let n=N(t);if(!C[n]||Pe[n])throw It(e,l),$i(`root node is forbidden and cannot be sanitized in-place`)}if(Yt(e))throw It(e,l),$i(`root node is clobbered and cannot be sanitized in-place`);Ze=Pi(),Qe=Ri()}else if(Qt(e))i=Ut(`<!---->`),a=i.ownerDocument.importNode(e,!0),a.nodeType===$.element&&a.nodeName===`BODY`||a.nodeName===`HTML`?i=a:i.appendChild(a),mn(i);else{if(!We&&!E&&!D&&e.indexOf(`<`)===-1)return _e(e);if(i=Ut(e),!i)return We?null:Ge?de:``}i&&k&&Et(i.firstChild);let f=c?e:i;try{c&&mn(e);let t=Wt(f);for(;o=t.nextNode();)fn(o,f);c&&Lt(e,l)}catch(t){throw c&&It(e,l),t}finally{Ze=u,Qe=d}if(c){if(Ft(e,l))throw $i(`a node selected for removal could not be safely returned; refusing to sanitize in place`);return E&&Gt(e),e}if(We){if(E&&Gt(i),A)for(s=Ce.call(i.ownerDocument);i.firstChild;)s.appendChild(i.firstChild);else s=i;return(w.shadowroot||w.shadowrootmode)&&(s=Te.call(r,s,!0)),s}E&&Jt(i);let p=D?i.outerHTML:i.innerHTML;return D&&C[`!doctype`]&&i.ownerDocument&&i.ownerDocument.doctype&&i.ownerDocument.doctype.name&&Y(ka,i.ownerDocument.doctype.name)&&(p=`<!DOCTYPE `+i.ownerDocument.doctype.name+`>
`+p),_e(p)};return t.sanitize=function(e){let n=arguments.length>1&&arguments[1]!==void 0?arguments[1]:{},r=bt,i=C,a=w,o=t.removed;bt=null;try{return hn(e,n)}finally{bt=r,r&&(He||F(r),C=i,w=a,t.removed=o)}},t.setConfig=function(){let e=arguments.length>0&&arguments[0]!==void 0?arguments[0]:{};F(e),He=!0,Ue=C,O=w},t.clearConfig=function(){yt=null,He=!1,Ue=null,O=null,v=fe,de=``},t.isValidAttribute=function(e,t,n){yt||F({});let r=N(e),i=N(t);return typeof n==`string`&&(dn(t,n)||!Be&&Y(Fa,n))?!1:sn(r,i,n)},t.addHook=function(e,t){typeof t==`function`&&J(y,e)&&Ai(y[e],t)},t.removeHook=function(e,t){if(J(y,e)){if(t!==void 0){let n=Oi(y[e],t);return n===-1?void 0:Mi(y[e],n,1)[0]}return ki(y[e])}},t.removeHooks=function(e){J(y,e)&&(y[e]=[])},t.removeAllHooks=function(){y=Ua()},t}var qa=Ka(),Ja={ALLOWED_TAGS:[`a`,`blockquote`,`br`,`code`,`del`,`em`,`h3`,`h4`,`h5`,`h6`,`hr`,`li`,`ol`,`p`,`pre`,`span`,`strong`,`table`,`tbody`,`td`,`th`,`thead`,`tr`,`ul`],ALLOWED_ATTR:[`href`,`class`,`start`,`align`],ALLOWED_URI_REGEXP:/^(?:https?|mailto):/i,ADD_URI_SAFE_ATTR:[`start`,`align`],ALLOW_DATA_ATTR:!1,ALLOW_ARIA_ATTR:!1,RETURN_DOM_FRAGMENT:!0},Ya=/^(?:language-[\w+#.-]+|hljs-[\w-]+(?: [\w-]+_*)*)$/;function Xa(e){let t=qa(e);return t.addHook(`uponSanitizeAttribute`,(e,t)=>{t.attrName===`class`&&!Ya.test(t.attrValue)&&(t.keepAttr=!1)}),t.addHook(`afterSanitizeAttributes`,e=>{e.tagName===`A`&&(e.setAttribute(`target`,`_blank`),e.setAttribute(`rel`,`noopener noreferrer nofollow`))}),e=>t.sanitize(e,Ja)}var Za=o`
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
`,Qa=(function(){let e=typeof document<`u`&&document.createElement(`link`).relList;return e&&e.supports&&e.supports(`modulepreload`)?`modulepreload`:`preload`})(),$a=function(e){return`/`+e},eo={},to=function(e){return e.pathname.endsWith(`.css`)},no=function(e,t,n){if(t in e)return e[t];let r=n();if(!r){e[t]=void 0;return}let i=r.then(()=>{e[t]=void 0},n=>{throw e[t]=void 0,n});return e[t]=i,i},ro=function(e,t,n){let r=Promise.resolve();if(t&&t.length>0){let e,i=document.querySelector(`meta[property=csp-nonce]`),a=i?.nonce||i?.getAttribute(`nonce`);function o(e){return Promise.all(e.map(e=>Promise.resolve(e).then(e=>({status:`fulfilled`,value:e}),e=>({status:`rejected`,reason:e}))))}function s(e){return import.meta.resolve?new URL(import.meta.resolve(e)):new URL(e,import.meta.url)}r=o(t.map(t=>{t=$a(t,n);let r=s(t),i=to(r);return no(eo,r.href,()=>{if(e===void 0){e={all:new Set,styles:new Set};let t=document.getElementsByTagName(`link`);for(let n=t.length-1;n>=0;n--){let r=t[n];e.all.add(r.href),r.rel===`stylesheet`&&e.styles.add(r.href)}}if((i?e.styles:e.all).has(r.href))return;let t=document.createElement(`link`);if(t.rel=i?`stylesheet`:Qa,i||(t.as=`script`),t.crossOrigin=``,t.href=r.href,a&&t.setAttribute(`nonce`,a),document.head.appendChild(t),i)return new Promise((e,n)=>{let i=a=>{t.removeEventListener(`load`,i),t.removeEventListener(`error`,i),a.type===`error`?n(Error(`Unable to preload CSS for ${r}`)):e(a)};t.addEventListener(`load`,i),t.addEventListener(`error`,i)})})}).filter(e=>e!==void 0))}function i(e){let t=new Event(`vite:preloadError`,{cancelable:!0});if(t.payload=e,window.dispatchEvent(t),!t.defaultPrevented)throw e}return r.then(t=>{for(let e of t||[])e.status===`rejected`&&i(e.reason);return e().catch(i)})},io=Xa(window),ao,oo=class extends E{constructor(...e){super(...e),this.text=``,this.streaming=!1,this.#e=[]}static{this.styles=[P,Za,o`:host { display: block; }`]}#e;update(e){super.update(e);let t=ai(this.text),n=t.findIndex(({key:e},t)=>this.#e[t]?.key!==e),r=n<0?t.length:n;for(let{element:e}of this.#e.splice(r))e.remove();for(let{key:e,html:n}of t.slice(r)){let t=document.createElement(`div`);t.className=`block`,t.dir=`auto`,t.append(io(n()));for(let e of t.querySelectorAll(`table`))co(e);for(let e of t.querySelectorAll(`pre > code`))this.#t(e);this.renderRoot.append(t),this.#e.push({key:e,element:t})}}spoken(e){return(this.streaming?this.#e.slice(e,-1):this.#e.slice(e)).map(({element:e})=>{let t=e.querySelector(`figcaption span`)?.textContent;return t?`Code, ${t}.`:e.textContent??``})}#t(e){let t=/language-(\S+)/.exec(e.className)?.[1]??``,n=(e.textContent??``).replace(/\n$/,``),r=document.createElement(`figure`),i=document.createElement(`figcaption`),a=document.createElement(`span`);a.textContent=t||`text`;let o=document.createElement(`button`);o.type=`button`;let s=e=>{o.textContent=e,o.setAttribute(`aria-label`,`${e} code, ${a.textContent}`)};s(`Copy`),o.addEventListener(`click`,()=>{an(n).then(e=>{s(e?`Copied`:`Not copied`),setTimeout(()=>s(`Copy`),2e3)})}),i.append(a,o);let c=e.parentElement;c.replaceWith(r),r.append(i,c),c.tabIndex=0,c.setAttribute(`role`,`region`),c.setAttribute(`aria-label`,`Code, ${a.textContent}`),t&&so(e,n,t)}};L([O()],oo.prototype,`text`,void 0),L([O({type:Boolean,reflect:!0})],oo.prototype,`streaming`,void 0),oo=L([D(`sotto-markdown`)],oo);async function so(e,t,n){ao||({highlight:ao}=await ro(()=>import(`./highlight-D2VRXf_C.js`),[]));let r=ao(t,n);r!==null&&e.replaceChildren(io(r))}function co(e){let t=document.createElement(`div`);t.className=`table`,t.tabIndex=0,t.setAttribute(`role`,`region`),t.setAttribute(`aria-label`,`Table`),e.replaceWith(t),t.append(e)}var lo=o`
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
`,uo={user:`You`,assistant:`Answer`,system:`Instructions`,tool:`Tool`};function fo(e,t){return e.message!==t?.message||e.siblings.length!==t.siblings.length}var po=class extends E{constructor(...e){super(...e),this.loading=!1,this.editing=!1,this.copied=!1}static{this.styles=[P,lo]}render(){let{message:e}=this.step;return b`
      <article class=${e.role} aria-labelledby="speaker">
        <h2 id="speaker" class=${e.role===`user`||e.role===`assistant`?`hidden-text`:`speaker`}>
          ${uo[e.role]}
        </h2>
        ${this.editing?this.#a(e):this.#e(e)}
        ${this.editing||e.state===`streaming`&&this.step.siblings.length===1?S:this.#t(e)}
      </article>
    `}spoken(e){return this.markdown?.spoken(e)??[]}#e({id:e,role:t,text:n,state:r}){if(t===`user`)return b`<div class="said" dir="auto">${n}</div>`;let i=r===`streaming`;return i&&n===``?b`<p class="waiting"><i></i><span>${this.loading?`The model is being made ready`:`Thinking`}</span></p>`:b`
      <sotto-markdown .text=${n} .streaming=${i}></sotto-markdown>
      ${r===`stopped`?b`<p class="ending">Stopped</p>`:S}
      ${r===`interrupted`?b`<p class="ending">${this.app.open.problem(e)??`Interrupted: the server went away. What it had written is kept.`}</p>`:S}
    `}#t(e){let{role:t,favourite:n,state:r}=e,{siblings:i}=this.step;return b`
      <div class="foot">
        ${i.length>1?this.#r(e):S}
        ${r===`streaming`?S:b`
              <div class="actions" role="group" aria-label=${t===`user`?`Question`:`Answer`}>
                ${this.#n(this.copied?`Copied`:`Copy`,this.copied?I.check:I.copy,()=>this.#d())}
                ${t===`user`?this.#n(`Edit`,I.pencil,()=>this.#o()):S}
                ${t===`assistant`?this.#n(`Answer again`,I.again,()=>this.#l()):S}
                <button
                  class="icon-button small"
                  aria-label="Favourite"
                  title="Favourite"
                  aria-pressed=${String(n)}
                  @click=${()=>this.#f(this.app.open.setFavourite(e,!n),`Not changed`)}
                >
                  ${n?I.starred:I.star}
                </button>
                ${this.#n(`Delete`,I.trash,()=>void this.app.removeMessage(e))}
              </div>
              ${this.#i(e)}
            `}
      </div>
    `}#n(e,t,n){return b`<button class="icon-button small" aria-label=${e} title=${e} @click=${n}>${t}</button>`}#r(e){let{siblings:t}=this.step,n=t.indexOf(e.id),r=n=>this.app.open.show(t[n]??e.id);return b`
      <div class="versions" role="group" aria-label=${`Version ${n+1} of ${t.length}`}>
        <button class="icon-button small" aria-label="Version before" ?disabled=${n===0} @click=${()=>r(n-1)}>
          ${I.left}
        </button>
        <span aria-hidden="true">${n+1}/${t.length}</span>
        <button
          class="icon-button small"
          aria-label="Version after"
          ?disabled=${n===t.length-1}
          @click=${()=>r(n+1)}
        >
          ${I.right}
        </button>
      </div>
    `}#i({usage:e,model:t}){if(!e||e.seconds<=0)return S;let{prompt_tokens:n,cached_tokens:r,completion_tokens:i,seconds:a}=e;return b`<span class="usage" title=${`${t??`The model`} read ${n} tokens, of which it knew ${r}, and wrote ${i} in ${a.toFixed(1)} s`}>${(i/a).toFixed(0)} tokens/s</span>`}#a(e){return b`
      <form
        class="edit"
        @submit=${t=>{t.preventDefault(),this.#c(e)}}
        @keydown=${this.#s}
      >
        <textarea class="field" aria-label="Question" dir="auto" rows="3" .value=${e.text}></textarea>
        <div>
          <button type="button" class="button" @click=${()=>this.editing=!1}>Cancel</button>
          <button class="button primary">Send</button>
        </div>
      </form>
    `}#o(){this.editing=!0,this.updateComplete.then(()=>{let{editor:e}=this;e&&(e.style.height=`${e.scrollHeight+2}px`,e.focus(),e.setSelectionRange(e.value.length,e.value.length))})}#s(e){e.isComposing||(e.key===`Escape`?(e.stopPropagation(),this.editing=!1):e.key===`Enter`&&!e.shiftKey&&e.target===this.editor&&(e.preventDefault(),this.#c(this.step.message)))}#c(e){let t=this.editor?.value.trim()??``;t!==``&&this.#f(this.app.open.ask(t,e.parent).then(()=>{this.editing=!1,this.#u()}),`Not sent`)}#l(){this.#f(this.app.open.answerAgain(this.step.message).then(()=>this.#u()),`Not answered`)}#u(){this.dispatchEvent(new CustomEvent(`answering`,{bubbles:!0,composed:!0}))}async#d(){this.copied=await an(this.step.message.text),this.copied||this.app.notices.problem(`Not copied: the browser does not allow it`),setTimeout(()=>this.copied=!1,2e3)}#f(e,t){this.app.notices.attempt(()=>e,t)}};L([O({attribute:!1})],po.prototype,`app`,void 0),L([O({attribute:!1,hasChanged:fo})],po.prototype,`step`,void 0),L([O({type:Boolean})],po.prototype,`loading`,void 0),L([k()],po.prototype,`editing`,void 0),L([k()],po.prototype,`copied`,void 0),L([A(`textarea`)],po.prototype,`editor`,void 0),L([A(`sotto-markdown`)],po.prototype,`markdown`,void 0),po=L([D(`sotto-message`)],po);var mo=[`Why is the sky blue?`,`Write a polite note that declines an invitation`,`What should I see in Kyoto in two days?`,`Write a Python function that counts the words of a text`],ho=class extends E{static{this.styles=[P,o`
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
    `]}render(){return b`
      <h2 class="term">sotto voce</h2>
      <p class="meaning">In an undertone, so as not to be overheard. Ask anything.</p>
      <ul aria-label="Suggestions">
        ${mo.map(e=>b`<li><button @click=${()=>this.#e(e)}>${e}</button></li>`)}
      </ul>
      <sotto-model-status .app=${this.app}></sotto-model-status>
    `}#e(e){this.dispatchEvent(new CustomEvent(`suggested`,{detail:e,bubbles:!0,composed:!0}))}};L([O({attribute:!1})],ho.prototype,`app`,void 0),ho=L([D(`sotto-welcome`)],ho);var go=64,_o=class extends E{static{this.styles=[P,o`
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
    `]}#e;#t;constructor(){super(),this.atEnd=!0,this.#e=null,this.#t=null,new j(this,()=>[this.app.open,this.app.connection])}render(){return b`
      <div class="scroller" @scroll=${this.#i}>${this.#n()}</div>
      ${this.atEnd?S:b`<button class="icon-button latest" aria-label="Go to the end" title="Go to the end" @click=${this.#r}>
            ${I.down}
          </button>`}
      <div class="announcer hidden-text" aria-live="polite" aria-relevant="additions"></div>
    `}#n(){let{open:e,connection:t}=this.app;if(e.state===`missing`)return b`<div class="problem">
        <p>There is no such conversation here. It may have been deleted, or have expired.</p>
        <button class="button" @click=${()=>this.app.startNew()}>New conversation</button>
      </div>`;if(e.state===`failed`)return b`<div class="problem">
        <p>The conversation cannot be shown now.</p>
        <button class="button" @click=${()=>void e.reload()}>Try again</button>
      </div>`;if(e.state===`loading`)return S;let{steps:n}=e;if(n.length===0)return b`<sotto-welcome .app=${this.app}></sotto-welcome>`;let r=t.status?.model.state===`loading`;return b`<div class="messages">
      ${Xt(n,({message:e})=>e.id,(e,t)=>b`<sotto-message
          data-id=${e.message.id}
          .app=${this.app}
          .step=${e}
          .loading=${r}
          ?last=${t===n.length-1}
        ></sotto-message>`)}
    </div>`}async updated(){let{open:e}=this.app,t=e.id!==this.#e&&e.steps.length>0;t&&(this.#e=e.id);let n=this.atEnd||t;await this.#a(),e.sought!==null&&e.state===`ready`?this.#o(e.sought):n&&(this.scroller.scrollTop=this.scroller.scrollHeight),this.#s()}toEnd(){this.atEnd=!0}#r(){this.scroller.scrollTo({top:this.scroller.scrollHeight,behavior:`smooth`})}#i(){let{scrollTop:e,scrollHeight:t,clientHeight:n}=this.scroller;this.atEnd=t-e-n<go}async#a(){for(let e of this.renderRoot.querySelectorAll(`sotto-message`))await e.updateComplete,await e.renderRoot.querySelector(`sotto-markdown`)?.updateComplete}#o(e){this.app.open.sought=null;let t=this.#c(e);t&&(t.scrollIntoView({block:`center`}),t.classList.add(`sought`))}#s(){let{streaming:e}=this.app.open;if(e&&this.#t?.id!==e.id&&(this.#t={id:e.id,blocks:0},this.announcer.replaceChildren()),!this.#t)return;let t=this.#c(this.#t.id)?.spoken(this.#t.blocks)??[];for(let e of t){let t=document.createElement(`p`);t.textContent=e,this.announcer.append(t)}this.#t.blocks+=t.length,e||(this.#t=null)}#c(e){return this.renderRoot.querySelector(`sotto-message[data-id='${e}']`)}};L([O({attribute:!1})],_o.prototype,`app`,void 0),L([A(`.scroller`)],_o.prototype,`scroller`,void 0),L([A(`.announcer`)],_o.prototype,`announcer`,void 0),L([k()],_o.prototype,`atEnd`,void 0),_o=L([D(`sotto-thread`)],_o);var vo=8e3,yo=class extends E{static{this.styles=[P,o`
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
    `]}#e=new Map;constructor(){super(),new j(this,()=>[this.app.notices])}render(){return b`<div role="status" aria-live="polite">
      ${Xt(this.app.notices.current,({id:e})=>e,e=>b`
          <div
            class="toast ${e.tone}"
            @pointerenter=${()=>this.#n(e)}
            @pointerleave=${()=>this.#r(e)}
            @focusin=${()=>this.#n(e)}
            @focusout=${()=>this.#r(e)}
          >
            <span>${e.text}</span>
            ${e.action?b`<button class="action" @click=${()=>this.#t(e)}>${e.action.label}</button>`:S}
            <button class="close" aria-label="Dismiss" @click=${()=>this.app.notices.dismiss(e.id)}>
              ${I.close}
            </button>
          </div>
        `)}
    </div>`}updated(){for(let e of this.app.notices.current)this.#e.has(e.id)||this.#r(e)}#t(e){e.action?.run(),this.app.notices.dismiss(e.id)}#n({id:e}){clearTimeout(this.#e.get(e))}#r({id:e}){clearTimeout(this.#e.get(e)),this.#e.set(e,setTimeout(()=>this.app.notices.dismiss(e),vo))}};L([O({attribute:!1})],yo.prototype,`app`,void 0),yo=L([D(`sotto-toasts`)],yo);var bo=class extends Tt{static{this.styles=[...Tt.styles,o`
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
    `]}constructor(){super(),new j(this,()=>[this.app.connection])}render(){let{tokenWasRefused:e,state:t}=this.app.connection;return this.frame(`This server wants its token`,t===`locked`?b`
        <p>It was set with <code>--token</code> when the server was started. This browser will remember it.</p>
        <label>Token<input class="field" name="token" type="password" autocomplete="current-password" required /></label>
        ${e?b`<p class="problem" role="alert">The token that was sent is not the server’s.</p>`:S}
      `:S,b`<button class="button primary">Open</button>`,!1)}updated(){let{state:e}=this.app.connection;e===`locked`&&this.reveal(),e===`online`&&this.close()}submit(e){return this.app.connection.unlock(String(e.get(`token`)).trim()),Promise.resolve()}};L([O({attribute:!1})],bo.prototype,`app`,void 0),bo=L([D(`sotto-unlock`)],bo);var xo=class extends E{static{this.styles=[P,o`
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
    `]}#e;#t;constructor(){super(),this.#e=new bt,this.#t=matchMedia(`(max-width: 52rem)`),this.drawer=!1,new j(this,()=>[this.#e.connection,this.#e.open])}connectedCallback(){super.connectedCallback(),this.#e.start(),this.#t.addEventListener(`change`,()=>this.requestUpdate()),document.addEventListener(`keydown`,e=>this.#n(e)),window.addEventListener(`hashchange`,()=>!this.drawer&&this.#o())}render(){let e=this.#e,t=this.#t.matches&&this.drawer;return b`
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
        <h1 class="hidden-text">${At(e.open)}</h1>
        <div class="stage" ?inert=${t}>
        <sotto-header .app=${e} @list=${this.#i} @instructions=${()=>void this.instructions.show()}></sotto-header>
        ${e.connection.state===`offline`?b`<div class="banner" role="alert">
              sottovoce cannot be reached. Trying again.
              <button @click=${()=>e.connection.retry()}>Try now</button>
            </div>`:S}
        ${e.connection.state===`online`&&e.connection.status?.model.state===`failed`?b`<div class="banner" role="alert">The model cannot be used: ${e.connection.status.model.error??`it failed`}.</div>`:S}
        <sotto-thread
          .app=${e}
          @answering=${this.#r}
          @suggested=${({detail:e})=>this.composer.suggest(e)}
        ></sotto-thread>
        <sotto-composer .app=${e} @sent=${this.#r}></sotto-composer>
        </div>
      </main>
      <sotto-toasts .app=${e}></sotto-toasts>
      <sotto-settings .app=${e} @confirm=${({detail:e})=>this.confirm.ask(e)}></sotto-settings>
      <sotto-instructions .app=${e}></sotto-instructions>
      <sotto-confirm></sotto-confirm>
      <sotto-unlock .app=${e}></sotto-unlock>
    `}firstUpdated(){this.#o()}#n(e){if(e.composedPath().some(e=>e instanceof HTMLDialogElement))return;let t=e.ctrlKey||e.metaKey,n=e.key.toLowerCase();if(t&&n===`k`)this.#i(),this.updateComplete.then(()=>this.sidebar.focusSearch());else if(t&&e.shiftKey&&n===`o`)this.#e.startNew(),this.#a(),this.composer.focus();else if(n===`escape`&&this.drawer&&this.#t.matches)this.#a();else if(n===`escape`&&this.#e.open.streaming)this.composer.stop();else return;e.preventDefault()}#r(){this.thread.toEnd(),this.#o()}#i(){this.drawer=this.#t.matches}#a(){this.drawer=!1}#o(){this.#t.matches||this.composer.updateComplete.then(()=>this.composer.focus())}};L([k()],xo.prototype,`drawer`,void 0),L([A(`sotto-sidebar`)],xo.prototype,`sidebar`,void 0),L([A(`sotto-thread`)],xo.prototype,`thread`,void 0),L([A(`sotto-composer`)],xo.prototype,`composer`,void 0),L([A(`sotto-settings`)],xo.prototype,`settings`,void 0),L([A(`sotto-instructions`)],xo.prototype,`instructions`,void 0),L([A(`sotto-confirm`)],xo.prototype,`confirm`,void 0),xo=L([D(`sotto-app`)],xo);