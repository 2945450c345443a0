import './page.css';
console.log('x');
